import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { audit, checks } from '../../chaos/auditor/audit';
import { exemptActions, fencedActions } from '../../chaos/auditor/fenced-actions';
import { catalogue } from '../../operations/catalogue';
import { startTestStack, type TestStack } from '../support/stack';
import { startToolServer, type ToolServer } from '../support/tool-server';
import { find, makeAuditedRun, secret, type AuditedRun } from './audited-run';
import { answers } from './planted/answers';
import { decisions } from './planted/decisions';
import { killedCommits } from './planted/killed-commits';
import { lostAndDoubled } from './planted/lost-and-doubled';
import type { Edit } from './planted/planted';
import { progressAndHistories } from './planted/progress-and-histories';
import { tampering } from './planted/tampering';
import { tenantsAndSecrets } from './planted/tenants-and-secrets';
import { toolCalls, unknownEnd } from './planted/tool-calls';
import { withLines } from './planted/edits';

let tools: ToolServer;
let stack: TestStack;
let folder: string;
let run: AuditedRun;
beforeAll(async () => {
  tools = await startToolServer();
  stack = await startTestStack({ egressAllow: [tools.host] });
  folder = mkdtempSync(path.join(tmpdir(), 'aos-auditor-'));
  run = await makeAuditedRun(stack, { folder, tools });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
  await tools.close();
});

test('a clean run has no violations, and every guarantee was looked at', async () => {
  const results = await audit(run.clean);
  expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  expect(results.filter(({ examined }) => examined === 0).map(({ check }) => check.invariant)).toEqual([]);
  expect(checks.map(({ invariant }) => invariant)).toEqual(Array.from({ length: 12 }, (_, index) => `I${index + 1}`));
});

test('every operation is known to the auditor as fenced or exempt, by its capability and by its job', () => {
  const known = { ...fencedActions, ...Object.fromEntries(exemptActions.map((action) => [action, undefined])) };
  expect(Object.keys(known).toSorted()).toEqual(Object.keys(catalogue).toSorted());
  const ids = { planeId: 'kp_000000000000', jobId: 'job_x', invocationId: 'inv_x', stage: 'ingest' };
  for (const [name, operation] of Object.entries(catalogue)) {
    const rule = fencedActions[name];
    expect(`${name} ${operation.fence === 'fenced'}`).toBe(`${name} ${rule !== undefined}`);
    if (rule === undefined) continue;
    const scopes = operation.scopes(stack.as('admin'), ids as never).filter(({ type }) => type === 'capability');
    expect(scopes.map(({ id }) => id)).toEqual(expect.arrayContaining([...rule.capabilities]));
    expect(`${name} ${operation.job(ids as never) !== undefined}`).toBe(`${name} ${rule.job}`);
    expect(`${name} ${operation.begins}`).toBe(`${name} ${rule.begins}`);
  }
});

const planted = [
  ...[
    lostAndDoubled,
    killedCommits,
    decisions,
    tampering,
    tenantsAndSecrets,
    progressAndHistories,
    answers,
    toolCalls,
  ].flat(),
];

test.each(planted.map((each, index) => [`${each.finds} (${index})`, each] as const))(
  'finds %s',
  async (_name, { finds, plant, edit, ids }) => {
    const [invariant = '', rule = ''] = finds.split(' ');
    const changes = { invariant, ...(plant && { plant: plant(run) }), ...(edit && { edit: edit(run) }) };
    const violations = await find(run, changes);
    expect(violations.map((each) => each.rule)).toContain(rule);
    const own = violations.filter((each) => each.rule === rule);
    if (ids !== undefined) expect(own.map((each) => each.ids)).toContainEqual(expect.objectContaining(ids(run)));
  },
);

test('a call that nobody knows the outcome of is explained by a fault that came between', async () => {
  const fault = { at: new Date().toISOString(), seq: 1, kind: 'fault', fault: 'F2', isOver: false } as const;
  const began = { ...fault, at: new Date(Date.parse(run.load.lines[0]?.at ?? '')).toISOString() };
  const edit = withLines(began, { ...fault, isOver: true });
  const violations = await find(run, { invariant: 'I4', plant: unknownEnd(run), edit });
  expect(violations.map(({ rule }) => rule)).not.toContain('unknown-without-fault');
});

test('every rule has a violation planted for it', () => {
  const folderOfChecks = path.join(__dirname, '../../chaos/auditor/checks');
  const sources = readdirSync(folderOfChecks).map((name) => readFileSync(path.join(folderOfChecks, name), 'utf8'));
  const rules = sources.flatMap((text) =>
    [
      ...text.matchAll(/(?:rule: |rule: kind === 'kill' \? |\bfound\(\s*|\brows\(\s*)'([a-z-]+)'(?: : '([a-z-]+)')?/g),
    ].flatMap(([, ...names]) => names.filter((name) => name !== undefined)),
  );
  expect(rules.length).toBeGreaterThan(95);
  const found = new Set(planted.map(({ finds }) => finds.split(' ')[1]));
  expect(rules.filter((rule) => !found.has(rule))).toEqual([]);
});

test('a kill without its snapshots is told as not judged, not as kept', async () => {
  const edit: Edit = (material) => ({
    ...material,
    ledger: material.ledger.map((line) => {
      if (line.kind !== 'answered' || line.acknowledgedSwitch === undefined) return line;
      const { snapshot: _snapshot, ...acknowledgedSwitch } = line.acknowledgedSwitch;
      return { ...line, acknowledgedSwitch };
    }),
  });
  const found = (await audit(edit(run.clean))).find(({ check }) => check.invariant === 'I3');
  expect(found?.examined).toBe(0);
  expect(found?.notJudged).toHaveLength(2);
});

describe('as a program', () => {
  const start = (...args: string[]) => {
    const program = path.join(__dirname, '../../chaos/auditor/main.ts');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--require', require.resolve('tsx/cjs'), program, ...args],
      {
        encoding: 'utf8',
      },
    );
    return { status, stdout, stderr };
  };
  const files = () => {
    const ledger = path.join(folder, 'ledger.jsonl');
    writeFileSync(ledger, run.load.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const secrets = path.join(folder, 'secrets.txt');
    writeFileSync(secrets, `${secret}\n`);
    return ['--ledger', ledger, '--secrets', secrets];
  };

  test('it ends with 0 when nothing is found, and 1 with a line of JSON when something is', async () => {
    const url = ['--database-url', stack.database.ownerUrl];
    const kept = start(...url, ...files());
    expect(kept.stderr).toBe('');
    expect(kept.status).toBe(0);
    expect(kept.stdout).toMatch(/^I5 +holds/m);
    await stack.owner.query(`update knowledge_planes set description = '${secret}'`);
    const broken = start(...url, ...files());
    await stack.owner.query(`update knowledge_planes set description = null`);
    expect(broken.status).toBe(1);
    expect(JSON.parse(broken.stdout.split('\n')[0] ?? '')).toMatchObject({
      invariant: 'I7',
      ids: { table: 'knowledge_planes', column: 'description' },
    });
    expect(broken.stdout).not.toContain(secret);
  });

  test('it refuses to judge with a role that does not see every tenant, or without a database', () => {
    expect(start('--database-url', stack.database.appUrl).status).toBe(2);
    expect(start().status).toBe(2);
  });
});
