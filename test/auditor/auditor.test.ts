import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { audit, checks } from '../../chaos/auditor/audit';
import type { Material, Violation } from '../../chaos/auditor/check';
import { exemptActions, fencedActions } from '../../chaos/auditor/fenced-actions';
import type { HistoryFile } from '../../chaos/auditor/histories';
import type { LedgerLine } from '../../chaos/ledger';
import { catalogue } from '../../operations/catalogue';
import { toJson } from '../replay/history-file';
import { anActivePlane } from '../support/active-plane';
import { recordLoad, type RecordedLoad } from '../support/recorded-load';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let load: RecordedLoad;
let clean: Material;
let folder: string;
let planeId: string;
let policyId: string;
let evidenceId: string;
let killId: string;
let tenantId: string;
let foreign: string;
/** Checkpoints of the first tenant, as they would lie outside of the database. */
let notes: string[];
const secret = 'swordfish-7f3a9c';

beforeAll(async () => {
  stack = await startTestStack();
  folder = mkdtempSync(path.join(tmpdir(), 'aos-auditor-'));
  [tenantId = '', foreign = ''] = stack.keys.tenants.map(({ tenant_id }) => tenant_id);
  load = recordLoad(stack);
  ({ planeId } = await anActivePlane(stack.api(), 'audited', {
    files: { 'a.md': '# Heron\n\nThe heron met the harbour.\n' },
  }));
  const policy = { name: 'recorded', enforcement_mode: 'BLOCK', conditions: { allowed_plane_ids: [planeId] } };
  const made = await load.call({ method: 'POST', path: '/policies', body: policy, key: 'k1' });
  await load.call({ method: 'POST', path: '/policies', body: policy, key: 'k1' });
  await load.call({ method: 'POST', path: '/policies', body: { ...policy, name: 'another' }, key: 'k1' });
  policyId = made.body.data.policy_id;
  await load.call({ method: 'POST', path: `/policies/${policyId}/lifecycle`, body: { target: 'ACTIVE', reason: 'r' } });
  const question = { plane_id: planeId, action: 'query', payload: { query: 'who met the harbour', top_k: 3 } };
  const ask = (tenant: 0 | 1) =>
    load.call({ method: 'POST', path: '/retrieval/execute', body: question, tenant, isAnswerStored: false });
  evidenceId = (await ask(0)).body.data.evidence_id;
  expect((await ask(1)).status).toBe(404);
  killId = await load.killAndRelease({ scope: 'plane', scope_id: planeId });
  await load.killAndRelease({ scope: 'tenant' }, 1);
  await load.call({
    method: 'POST',
    path: `/policies/${policyId}/lifecycle`,
    body: { target: 'SUSPENDED', reason: 'r' },
  });
  await settle();
  clean = { ...(await materialNow()), ledger: load.lines };
  const { rows } = await stack.owner.query<{ note: string }>(
    'select note from audit_checkpoints where tenant_id = $1 order by tree_size desc',
    [tenantId],
  );
  notes = rows.map(({ note }) => note);
}, 120_000);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
});

// The fan-outs of the kills end by themselves; sealing waits for whatever else runs on this server.
async function settle(): Promise<void> {
  await until(async () => {
    const { rows } = await stack.owner.query(
      `select (select count(*) from switch_fan_outs where status in ('queued', 'running'))
        + (select count(*) from event_outbox where published_at is null) as n`,
    );
    return Number(rows[0].n) === 0;
  });
  await until(async () => {
    const { rows } = await stack.owner.query(
      'select 1 from audit_events e where not exists (select from audit_leaves l where l.event_id = e.event_id) limit 1',
    );
    return rows.length === 0;
  });
}

async function materialNow(): Promise<Omit<Material, 'ledger'>> {
  const histories: HistoryFile[] = [];
  const { rows } = await stack.owner.query<{ id: string }>(
    `select workflow_id as id from event_outbox union select workflow_id from switch_fan_outs`,
  );
  for (const { id } of rows) {
    const handle = stack.temporal.workflow.getHandle(id);
    await until(async () => (await handle.describe()).status.name !== 'RUNNING' || id.startsWith('plane:'));
    const { runId, status } = await handle.describe();
    const history = toJson(await handle.fetchHistory()) as unknown as HistoryFile['history'];
    histories.push({ workflowId: id, runId, status: status.name, history });
  }
  const bundleFile = process.env.TEST_WORKFLOW_BUNDLE;
  return { sql: stack.owner, histories, bundleFile, secrets: [secret], logFiles: [], notes: [] };
}

type Edit = (material: Material) => Material;

/** What the auditor finds when rows are changed, as one with the owner's rights could, and the rest of the material edited. */
async function find({
  plant = [],
  edit = (it) => it,
}: {
  plant?: readonly string[];
  edit?: Edit;
}): Promise<Violation[]> {
  await stack.owner.query('begin');
  try {
    if (plant.length > 0) await disableTriggers();
    for (const statement of plant) {
      const { rowCount, command } = await stack.owner.query(statement);
      if (['UPDATE', 'DELETE', 'INSERT'].includes(command)) expect(`${rowCount} ${statement}`).not.toMatch(/^0 /);
    }
    return (await audit(edit(clean))).flatMap(({ violations }) => violations);
  } finally {
    await stack.owner.query('rollback');
  }
}

async function disableTriggers(): Promise<void> {
  const { rows } = await stack.owner.query<{ name: string }>(
    `select distinct tgrelid::regclass::text as name from pg_trigger where not tgisinternal`,
  );
  for (const { name } of rows) await stack.owner.query(`alter table ${name} disable trigger user`);
}

const rulesOf = (violations: readonly Violation[]) => violations.map(({ invariant, rule }) => `${invariant} ${rule}`);

test('a clean run has no violations, and every guarantee was looked at', async () => {
  const results = await audit(clean);
  expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  expect(results.filter(({ examined }) => examined === 0).map(({ check }) => check.invariant)).toEqual([]);
  expect(checks.map(({ invariant }) => invariant)).toEqual(Array.from({ length: 12 }, (_, index) => `I${index + 1}`));
});

test('every operation is known to the auditor as fenced or exempt, by its capability and by its job', () => {
  const known = { ...fencedActions, ...Object.fromEntries(exemptActions.map((action) => [action, undefined])) };
  expect(Object.keys(known).toSorted()).toEqual(Object.keys(catalogue).toSorted());
  const ids = { planeId: 'kp_000000000000', jobId: 'job_x', stage: 'ingest' };
  for (const [name, operation] of Object.entries(catalogue)) {
    const rule = fencedActions[name];
    expect(`${name} ${operation.fence === 'fenced'}`).toBe(`${name} ${rule !== undefined}`);
    if (rule === undefined) continue;
    const scopes = operation.scopes(stack.as('admin'), ids as never).filter(({ type }) => type === 'capability');
    expect(scopes.map(({ id }) => id)).toEqual(expect.arrayContaining([...rule.capabilities]));
    expect(`${name} ${operation.job(ids as never) !== undefined}`).toBe(`${name} ${rule.job}`);
  }
});

const answered = (match: (line: Extract<LedgerLine, { kind: 'answered' }>) => boolean) =>
  load.lines.find((line): line is Extract<LedgerLine, { kind: 'answered' }> => line.kind === 'answered' && match(line));
const succeeded = (pathEnd: string) => {
  const line = answered(({ call, status }) => call.path.endsWith(pathEnd) && status < 300);
  if (line === undefined) throw new Error(`nothing succeeded at ${pathEnd}`);
  return line;
};
const withLines =
  (...lines: LedgerLine[]): Edit =>
  (material) => ({ ...material, ledger: [...material.ledger, ...lines] });
const withHistory =
  (change: (text: string) => string): Edit =>
  (material) => ({
    ...material,
    histories: material.histories.map((each) =>
      each.workflowId.startsWith('plane:') ? (JSON.parse(change(JSON.stringify(each))) as HistoryFile) : each,
    ),
  });
const copyOf = (where: string, change: Record<string, string> = {}) => {
  const columns =
    'tenant_id,event_id,event_type,event_category,severity,request_id,trace_id,run_id,step_index,plane_id,job_id,actor_id,actor_type,action,resource_type,resource_id,outcome,evidence,payload_bytes,integrity_hash,leaf_hash,occurred_at'.split(
      ',',
    );
  const values = columns.map((column) => change[column] ?? column);
  return `insert into audit_events (${columns.join(', ')}) select ${values.join(', ')} from audit_events where ${where} limit 1`;
};

interface Case {
  readonly finds: string;
  readonly plant?: () => readonly string[];
  readonly edit?: () => Edit;
  readonly ids?: () => Record<string, unknown>;
}

// The policy's first event says something else, and all that is computed from it fits.
const rewritten = `with other as (select event_id, convert_to(replace(convert_from(payload_bytes, 'UTF8'), 'recorded', 'repaired'), 'UTF8') as bytes
    from audit_events where event_type = 'PolicyRuleCreated' and payload_bytes::text like '%' || substr('recorded'::bytea::text, 3) || '%')
  update audit_events e set payload_bytes = o.bytes, integrity_hash = encode(sha256(o.bytes), 'hex'),
    leaf_hash = sha256('\\x00'::bytea || o.bytes), evidence = convert_from(o.bytes, 'UTF8')::jsonb->'evidence'
  from other o where o.event_id = e.event_id`;

const cases: readonly Case[] = [
  {
    finds: 'I1 acknowledged-row-missing',
    edit: () => withLines({ ...succeeded('/policies'), answer: { ids: { policy_id: 'pol_lost' }, hash: '' } }),
    ids: () => ({ policy_id: 'pol_lost' }),
  },
  {
    finds: 'I1 acknowledged-without-event',
    plant: () => [`delete from audit_events where event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`],
    ids: () => ({ subject: policyId, action: 'policies.create' }),
  },
  {
    finds: 'I2 two-first-outcomes',
    plant: () => [
      'drop index effect_outcomes_first',
      `insert into effect_outcomes (intent_id, tenant_id, outcome, first, integrity_hash)
        values ('${evidenceId}', '${tenantId}', 'succeeded', true, 'h')`,
    ],
    ids: () => ({ intent_id: evidenceId }),
  },
  {
    finds: 'I2 outcome-without-intent',
    plant: () => [
      `insert into effect_outcomes (intent_id, tenant_id, outcome, first, integrity_hash)
        values ('nobody', '${tenantId}', 'failed', true, 'h')`,
    ],
    ids: () => ({ intent_id: 'nobody' }),
  },
  {
    finds: 'I2 effect-reached-twice',
    edit: () =>
      withLines(
        ...[1, 2].map((): LedgerLine => ({
          ...{
            at: new Date(0).toISOString(),
            seq: 1,
            kind: 'effect',
            sink: 'http-source',
            key: 'once',
            mayRepeat: false,
          },
        })),
      ),
    ids: () => ({ key: 'once' }),
  },
  {
    finds: 'I2 job-completed-twice',
    plant: () => [copyOf(`event_type = 'LIFECYCLE_JOB_COMPLETED'`, { event_id: `'evt_twice'` })],
  },
  {
    finds: 'I2 two-jobs-at-once',
    plant: () => ['drop index knowledge_jobs_one_open', `update knowledge_jobs set status = 'running'`],
    ids: () => ({ plane_id: planeId }),
  },
  {
    finds: 'I2 done-more-often-than-asked',
    plant: () => [
      copyOf(`event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`, { event_id: `'evt_again'` }),
    ],
    ids: () => ({ subject: policyId, asked: 1, events: 2 }),
  },
  {
    finds: 'I2 document-twice',
    plant: () => [
      'drop index knowledge_documents_source_id_name_key',
      `create temp table twin on commit drop as select * from knowledge_documents limit 1`,
      `update twin set document_id = 'doc_twin'`,
      `insert into knowledge_documents select * from twin`,
    ],
  },
  {
    finds: 'I3 committed-under-kill',
    plant: () => [copyOf(`action = 'knowledge.jobs.complete' and plane_id = '${planeId}'`, { event_id: `'evt_late'` })],
    edit: () => unreleased,
    ids: () => ({ switch_id: killId, event_id: 'evt_late' }),
  },
  {
    finds: 'I3 intent-opened-under-kill',
    plant: () => [
      `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
        values ('late', '${foreign}', 'retrieval:late', 'release', 'a', now() + interval '1 hour', 'h')`,
    ],
    edit: () => unreleased,
    ids: () => ({ intent_id: 'late', tenant_id: foreign }),
  },
  {
    finds: 'I3 killed-job-went-on',
    plant: () => [copyOf(`action = 'knowledge.jobs.complete' and plane_id = '${planeId}'`, { event_id: `'evt_on'` })],
    ids: () => ({ switch_id: killId, event_id: 'evt_on' }),
  },
  {
    finds: 'I4 retrieval-without-event',
    plant: () => [`delete from audit_events where resource_id = '${evidenceId}'`],
    ids: () => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 event-without-retrieval',
    plant: () => [`delete from retrieval_evidence where id = '${evidenceId}'`],
    ids: () => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 retrieval-changed',
    plant: () => [`update retrieval_evidence set token_count = token_count + 1 where id = '${evidenceId}'`],
    ids: () => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 allowed-without-succeeded-intent',
    plant: () => [`delete from effect_outcomes where intent_id = '${evidenceId}'`],
    ids: () => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 transition-without-event',
    plant: () => [
      `delete from audit_events where event_id = (select audit_event_id from knowledge_lifecycle_transitions
        where plane_id = '${planeId}' limit 1)`,
    ],
    ids: () => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 event-of-two-transitions',
    plant: () => [
      `insert into knowledge_lifecycle_transitions (transition_id, plane_id, tenant_id, from_status, to_status, trigger, success, audit_event_id)
        select 'tr_twice', plane_id, tenant_id, from_status, to_status, trigger, success, audit_event_id
        from knowledge_lifecycle_transitions order by id desc limit 1`,
    ],
  },
  {
    finds: 'I4 retrieval-told-twice',
    plant: () => [
      copyOf(`resource_id = '${evidenceId}' and event_type = 'RetrievalAllowed'`, { event_id: `'evt_told'` }),
    ],
    ids: () => ({ evidence_id: evidenceId, times: 2 }),
  },
  {
    finds: 'I4 event-without-transition',
    plant: () => [`delete from knowledge_lifecycle_transitions where to_status = 'active'`],
    ids: () => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 job-without-event',
    plant: () => [`delete from audit_events where job_id = (select max(job_id) from knowledge_jobs)`],
    ids: () => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 event-without-job',
    plant: () => [`update knowledge_jobs set tenant_id = '${foreign}'`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I4 state-without-transition',
    plant: () => [
      `update knowledge_planes set status = 'failed', lifecycle_state_value = 500 where plane_id = '${planeId}'`,
    ],
    ids: () => ({ plane_id: planeId, status: 'failed' }),
  },
  {
    finds: 'I4 switch-history-changed',
    plant: () => [`update runtime_switch_history set reason = 'other' where switch_id = '${killId}'`],
  },
  {
    finds: 'I4 switch-is-not-its-history',
    plant: () => [`update runtime_switches set enabled = true where switch_id = '${killId}'`],
    ids: () => ({ switch_id: killId }),
  },
  {
    finds: 'I5 bytes-changed',
    plant: () => [
      `update audit_events set payload_bytes = payload_bytes || '\\x20' where event_type = 'PolicyRuleCreated'
        and resource_id = '${policyId}'`,
    ],
  },
  {
    finds: 'I5 leaf-hash-changed',
    plant: () => [
      `update audit_events set payload_bytes = payload_bytes || '\\x20',
        integrity_hash = encode(sha256(payload_bytes || '\\x20'), 'hex') where resource_id = '${policyId}'`,
    ],
  },
  {
    finds: 'I5 column-changed',
    plant: () => [`update audit_events set actor_id = 'somebody else' where resource_id = '${policyId}'`],
    ids: () => ({ column: 'actor_id', tenant_id: tenantId }),
  },
  {
    finds: 'I5 payload-missing',
    plant: () => [`update audit_events set payload_bytes = null where resource_id = '${evidenceId}'`],
  },
  {
    finds: 'I5 sealed-event-missing',
    plant: () => [`delete from audit_events where event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 event-is-not-its-leaf',
    plant: () => [rewritten],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 tile-is-not-its-leaves',
    plant: () => [
      `insert into audit_tiles (tenant_id, level, tile_index, epoch, hashes, root_hash)
        values ('${tenantId}', 0, 0, 1, decode(repeat('00', 8192), 'hex'), sha256('x'))`,
    ],
    ids: () => ({ tenant_id: tenantId, level: 0, tile_index: '0' }),
  },
  {
    finds: 'I5 tile-root-changed',
    plant: () => [
      `insert into audit_tiles (tenant_id, level, tile_index, epoch, hashes, root_hash)
        values ('${tenantId}', 0, 0, 1, decode(repeat('00', 8192), 'hex'), sha256('x'))`,
    ],
    ids: () => ({ tenant_id: tenantId, level: 0, tile_index: '0' }),
  },
  {
    finds: 'I5 tree-is-not-its-checkpoint',
    plant: () => [
      rewritten,
      `update audit_leaves l set integrity_hash = e.integrity_hash, leaf_hash = e.leaf_hash from audit_events e
        where e.event_id = l.event_id and e.resource_id = '${policyId}'`,
    ],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 sealed-out-of-order',
    plant: () => [`update audit_events set xact_id = '900000000' where event_type = 'PlaneRegistered'`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 leaf-missing',
    plant: () => [`delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence = 3`],
    ids: () => ({ tenant_id: tenantId, sequence: 3 }),
  },
  {
    finds: 'I5 tree-truncated',
    plant: () => [
      `delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence > 3`,
      `update audit_tree_heads set tree_size = 4 where tenant_id = '${tenantId}'`,
    ],
    ids: () => ({ tenant_id: tenantId, leaves: 4 }),
  },
  {
    finds: 'I5 head-is-not-its-leaves',
    plant: () => [`update audit_tree_heads set tree_size = tree_size + 1 where tenant_id = '${tenantId}'`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 checkpoint-not-signed',
    plant: () => [
      `update audit_checkpoints set note = replace(note, E'\\n' || tree_size || E'\\n', E'\\n1\\n')
      where tenant_id = '${tenantId}' and tree_size > 1`,
    ],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 checkpoint-changed',
    plant: () => [`update audit_checkpoints set root_hash = sha256('x') where tenant_id = '${tenantId}'`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 tree-truncated',
    plant: () => [
      `delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence > 3`,
      `update audit_tree_heads set tree_size = 4 where tenant_id = '${tenantId}'`,
      `delete from audit_checkpoints where tenant_id = '${tenantId}'`,
    ],
    edit: () => (material) => ({ ...material, notes }),
    ids: () => ({ tenant_id: tenantId, checkpoint: 'outside 0', leaves: 4 }),
  },
  {
    finds: 'I6 row-of-another-tenant',
    plant: () => [`update knowledge_documents set tenant_id = '${foreign}'`],
    ids: () => ({ table: 'knowledge_documents', tenant_id: foreign, belongs_to: tenantId }),
  },
  {
    finds: 'I6 answer-names-row-of-another',
    edit: () => {
      const line = succeeded('/policies');
      return withLines({ ...line, call: { ...line.call, tenantId: foreign } });
    },
    ids: () => ({ tenant_id: foreign, policy_id: policyId, belongs_to: tenantId }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: () => [`update knowledge_planes set description = 'with ${secret} in it'`],
    ids: () => ({ table: 'knowledge_planes', column: 'description' }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: () => [`update audit_events set payload_bytes = '${secret}' where resource_id = '${policyId}'`],
    ids: () => ({ table: 'audit_events', column: 'payload_bytes' }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: () => [`update knowledge_planes set status_reason = '${stack.keys.tenants[0]?.admin_key}'`],
    ids: () => ({ column: 'status_reason', which: 'a key of AOS' }),
  },
  {
    finds: 'I7 secret-in-history',
    edit: () =>
      withHistory((text) =>
        text.replace(/("metadata":\{[^}]*\},"data":")[^"]+/, `$1${Buffer.from(`"${secret}"`).toString('base64')}`),
      ),
  },
  {
    finds: 'I7 secret-in-log',
    edit: () => (material) => {
      const file = path.join(folder, 'api.log');
      writeFileSync(file, `{"msg":"${secret}"}\n`);
      return { ...material, logFiles: [file] };
    },
  },
  {
    finds: 'I8 job-stuck',
    plant: () => [
      `update knowledge_jobs set status = 'running' where job_id = (select max(job_id) from knowledge_jobs)`,
    ],
    ids: () => ({ plane_id: planeId, status: 'running' }),
  },
  {
    finds: 'I8 message-not-delivered',
    plant: () => [`update event_outbox set published_at = null`],
    ids: () => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I8 intent-open-after-deadline',
    plant: () => [
      `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
        values ('left', '${tenantId}', 'retrieval:left', 'release', 'a', now() - interval '1 hour', 'h')`,
    ],
    ids: () => ({ intent_id: 'left' }),
  },
  {
    finds: 'I8 fan-out-not-ended',
    plant: () => [`update switch_fan_outs set status = 'running' where switch_id = '${killId}'`],
    ids: () => ({ switch_id: killId }),
  },
  {
    finds: 'I8 activity-pending',
    edit: () =>
      withHistory((text) =>
        text
          .replaceAll('ACTIVITY_TASK_COMPLETED', 'ACTIVITY_TASK_STARTED')
          .replace(/"status":"[A-Z]+"/, '"status":"RUNNING"'),
      ),
  },
  {
    finds: 'I8 workflow-not-ended',
    edit: () => (material) => ({
      ...material,
      histories: material.histories.map((each) => ({ ...each, status: 'RUNNING' })),
    }),
  },
  {
    finds: 'I9 does-not-replay',
    edit: () => withHistory((text) => text.replaceAll('"verifySources"', '"ingestSources"')),
  },
  {
    finds: 'I10 same-key-other-answer',
    edit: () => {
      const line = succeeded('/policies');
      return withLines({ ...line, answer: { ...line.answer, hash: 'another' } });
    },
    ids: () => ({ key: 'k1' }),
  },
  {
    finds: 'I10 other-arguments-accepted',
    edit: () => {
      const line = succeeded('/policies');
      return withLines({ ...line, call: { ...line.call, bodyHash: 'another' } });
    },
    ids: () => ({ key: 'k1', accepted: 2 }),
  },
  {
    finds: 'I11 answered-without-evidence',
    plant: () => [`delete from retrieval_evidence where id = '${evidenceId}'`],
    ids: () => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I12 history-too-long',
    edit: () => (material) => ({
      ...material,
      histories: material.histories.map((each) => ({
        ...each,
        history: { events: Array.from({ length: 4_096 }, () => ({ eventType: 'EVENT_TYPE_TIMER_STARTED' })) },
      })),
      bundleFile: undefined,
    }),
    ids: () => ({ events: 4_096 }),
  },
  {
    finds: 'I12 payload-too-large',
    edit: () => (material) => ({
      ...withHistory((text) =>
        text.replace(/("metadata":\{[^}]*\},"data":")[^"]+/, `$1${Buffer.alloc(524_288).toString('base64')}`),
      )(material),
      bundleFile: undefined,
    }),
    ids: () => ({ bytes: 524_288 }),
  },
];

/** The load as if the kills had never been released. */
const unreleased: Edit = (material) => ({
  ...material,
  ledger: material.ledger.map((line) => {
    if (line.kind !== 'sent') return line;
    const { releasing: _released, ...rest } = line;
    return rest;
  }),
});

test.each(cases.map((each, index) => [`${each.finds} (${index})`, each] as const))(
  'finds %s',
  async (_name, { finds, plant, edit, ids }) => {
    const violations = await find({ ...(plant && { plant: plant() }), ...(edit && { edit: edit() }) });
    expect(rulesOf(violations)).toContain(finds);
    const own = violations.filter(({ invariant, rule }) => finds === `${invariant} ${rule}`);
    if (ids !== undefined) expect(own.map((each) => each.ids)).toContainEqual(expect.objectContaining(ids()));
  },
);

test('a kill without its snapshots is told as not judged, not as kept', async () => {
  const edit: Edit = (material) => ({
    ...material,
    ledger: material.ledger.map((line) => {
      if (line.kind !== 'answered' || line.acknowledgedSwitch === undefined) return line;
      const { snapshot: _snapshot, ...acknowledgedSwitch } = line.acknowledgedSwitch;
      return { ...line, acknowledgedSwitch };
    }),
  });
  const found = (await audit(edit(clean))).find(({ check }) => check.invariant === 'I3');
  expect(found?.examined).toBe(0);
  expect(found?.notJudged).toHaveLength(2);
});

describe('as a program', () => {
  const run = (...args: string[]) => {
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
    writeFileSync(ledger, load.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const secrets = path.join(folder, 'secrets.txt');
    writeFileSync(secrets, `${secret}\n`);
    return ['--ledger', ledger, '--secrets', secrets];
  };

  test('it ends with 0 when nothing is found, and 1 with a line of JSON when something is', async () => {
    const url = ['--database-url', stack.database.ownerUrl];
    const kept = run(...url, ...files());
    expect(kept.stderr).toBe('');
    expect(kept.status).toBe(0);
    expect(kept.stdout).toMatch(/^I5 +holds/m);
    await stack.owner.query(`update knowledge_planes set description = '${secret}'`);
    const broken = run(...url, ...files());
    await stack.owner.query(`update knowledge_planes set description = null`);
    expect(broken.status).toBe(1);
    expect(JSON.parse(broken.stdout.split('\n')[0] ?? '')).toMatchObject({
      invariant: 'I7',
      ids: { table: 'knowledge_planes', column: 'description' },
    });
    expect(broken.stdout).not.toContain(secret);
  });

  test('it refuses to judge with a role that does not see every tenant, or without a database', () => {
    expect(run('--database-url', stack.database.appUrl).status).toBe(2);
    expect(run().status).toBe(2);
  });
});
