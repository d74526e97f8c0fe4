import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExportEvent } from '../../../evidence/export-format';
import { encodeVerifier } from '../../../evidence/note';
import { verifyExport } from '../../../evidence/verify/verify-export';
import { chunksOf, fileText, makeFile, makeSigner, makeTree, type EvidenceFile } from '../../support/evidence-file';
import { runCommand } from '../cli/run-command';

const tree = makeTree(40);
const forked = makeTree(40, { payloadBytes: 1 });
const signer = makeSigner();
const whole = () => makeFile({ tree, size: 37, signers: [signer], earlier: [5, 16, 36] });
const some = () =>
  makeFile({ tree, size: 37, signers: [signer], indexes: [3, 4, 17, 30], coverage: { type: 'selected' } });
const part = () =>
  makeFile({ tree, size: 37, signers: [signer], indexes: [10, 11, 12], coverage: { type: 'range', from: 10, to: 13 } });

const verify = (file: EvidenceFile | string) =>
  verifyExport(chunksOf(typeof file === 'string' ? file : fileText(file)), { keys: [signer] });
const checks = async (file: EvidenceFile | string) => (await verify(file)).findings.map(({ check }) => check);
const pretty = (value: object) => JSON.stringify(value, null, 2);

describe('text that says two things', () => {
  test('a member that is there twice is found wherever it stands', async () => {
    const text = fileText(await whole());
    const doubled = [
      text.replace('{"index":9,', '{"index":8,"index":9,'),
      text.replace('{"index":9,', '{"index":8, "\\u0069ndex" : 9,'),
      text.replace('{"index":9,', '{"columns":{"outcome":"failure","outcome":"success"},"index":9,'),
      text.replace('"tenant_id":', '"tenant_id":"ten_other","tenant_id":'),
      text.replace('"tree":{', '"tree":{"size":99,'),
      text.replace('"end":{', '"end":{"events":1,'),
      pretty(JSON.parse(text) as object).replace('"events": [', '"events": [], "events": ['),
      pretty(JSON.parse(text) as object).replace('"end": {', '"end": {"events": 1}, "end": {'),
    ];
    for (const each of doubled) {
      const { ok, findings } = await verify(each);
      expect({ ok, first: findings[0]?.message }).toEqual({ ok: false, first: expect.stringContaining('twice') });
    }
  });

  test('what only looks like one is none', async () => {
    const text = fileText(await whole());
    const spaced = text.replace('{"index":9,', '{ "columns": {"event_type": "PlaneRegistered" }, "index" : 9,');
    expect(await checks(spaced)).toEqual([]);
    expect(await checks(text.replaceAll('\n', '\r\n'))).toEqual([]);
    expect(await checks(text.replace('"exp_1"', String.raw`"\"a\":\\"`))).toEqual([]);
  });

  test('lines that are no JSON together are refused', async () => {
    const text = fileText(await whole());
    expect(await checks(text.replace('},\n{"index":9,', '}\n{"index":9,'))).toEqual(['format']);
    expect(await checks(text.replace('\n],"end"', ',\n],"end"'))).toEqual(['format']);
    expect(await checks(`\uFEFF${text}`)).toContain('format');
    expect(await checks(text.replace(/\n\],"end".*\n/, '$&$&'))).toContain('format');
  });

  test('bytes in the alphabet of URLs, which other readers pass over, are refused', async () => {
    const file = await whole();
    const event = file.events[9] as ExportEvent;
    const bytes = Buffer.from('{"a":"\u00ff\u00ff\u00ff>>>???"}').toString('base64url');
    event.bytes = bytes + '='.repeat((4 - (bytes.length % 4)) % 4);
    expect(event.bytes).toMatch(/[-_]/);
    expect((await verify(file)).findings[0]).toMatchObject({ check: 'bytes', message: 'bytes is not base64' });
  });
});

describe('a file that leaves something out', () => {
  test('is not whole without its end, however it is laid out', async () => {
    const file = await whole();
    const { end: _, ...open } = JSON.parse(fileText({ ...file, events: file.events.slice(0, 20) })) as { end: unknown };
    expect(await checks(pretty(open))).toEqual(['truncated']);
    expect(await checks(pretty({ ...open, end: null }))).toContain('format');
  });

  test('is noticed wherever it was cut', async () => {
    const text = fileText(await makeFile({ tree, size: 3, signers: [signer], earlier: [2] }));
    for (const each of [text, pretty(JSON.parse(text) as object)]) {
      for (let at = 0; at < each.length; at += 1) {
        if ((await verify(each.slice(0, at))).ok) throw new Error(`cut at ${at} of ${each.length} it is not noticed`);
      }
    }
  });

  test('holds as much as it says was asked for', async () => {
    const nothing = await makeFile({ tree, size: 37, signers: [signer], indexes: [], coverage: { type: 'selected' } });
    const said = (edit: Partial<EvidenceFile['header']>) =>
      checks({ ...nothing, header: { ...nothing.header, ...edit } });
    const all = { type: 'all' } as const;
    expect(await said({ selection: all })).toEqual(['selection']);
    expect(await said({ selection: all, coverage: { type: 'range', from: 0, to: 0 } })).toEqual(['selection']);
    expect(await said({ selection: { type: 'period', from: null, to: null } })).toEqual(['selection']);
    expect(await said({ coverage: { type: 'range', from: 9, to: 5 } })).toEqual(['selection']);
    expect(await said({ coverage: { type: 'range', from: 90, to: 90 } })).toEqual(['selection']);
  });

  test('holds what it says was asked for', async () => {
    const other = await some();
    other.header.selection = { type: 'run', run_id: 'req-another' };
    expect(await checks(other)).toEqual(['selection', 'selection', 'selection', 'selection']);
    other.header.selection = { type: 'plane', plane_id: 'kp_another' };
    expect(await checks(other)).toContain('selection');
    const period = await part();
    period.header.selection = { type: 'period', from: '2026-01-01T00:00:11Z', to: null };
    expect((await verify(period)).findings).toMatchObject([{ check: 'selection', index: 10, field: 'occurred_at' }]);
    period.header.selection = { type: 'period', from: null, to: '2026-01-01T00:00:11Z' };
    expect((await verify(period)).findings).toMatchObject([{ check: 'selection', index: 12, field: 'occurred_at' }]);
  });

  test('only the first leaf has none before it', async () => {
    const file = await some();
    (file.events[2] as ExportEvent).previous_hash = null;
    expect((await verify(file)).findings).toMatchObject([{ check: 'previous_hash', index: 17 }]);
  });
});

test('two signed trees of one size with different roots show that history was rewritten', async () => {
  for (const size of [16, 37]) {
    for (const make of [whole, some]) {
      const file = await make();
      const own = file.header.checkpoints.find((note) => note.includes(`\n${size}\n`)) ?? tree.checkpoint(size, signer);
      const rest = file.header.checkpoints.filter((note) => note !== own);
      file.header.checkpoints = [...rest, forked.checkpoint(size, signer), own].toSorted(
        (one, two) => sizeOf(one) - sizeOf(two),
      );
      file.header.consistency.push({ size, proof: await tree.proof(size, 37) });
      expect((await verify(file)).findings[0]?.message).toContain('history was rewritten between the two');
    }
  }
  function sizeOf(note: string): number {
    return Number(note.split('\n')[1]);
  }
});

test('columns named like members of JavaScript objects are columns as any other', async () => {
  const text = fileText(await whole());
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const changed = text.replace('{"index":9,', `{"columns":{"${name}":{}},"index":9,`);
    expect((await verify(changed)).findings).toMatchObject([{ check: 'column', index: 9, field: name }]);
  }
});

test('nesting and length beyond all measure are findings, too', async () => {
  const text = fileText(await whole());
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  expect(await checks(text.replace('{"index":9,', `{"columns":{"outcome":${deep}},"index":9,`))).toEqual(['format']);
  expect(await checks(text.replace('"format_version":1', `"format_version":${deep}`))).toEqual(['format']);
  async function* endless() {
    const chunk = Buffer.alloc(1 << 26, ' ');
    for (;;) yield chunk;
  }
  expect((await verifyExport(endless())).findings).toMatchObject([{ check: 'format', line: 1 }]);
});

/** What no signature and no hash covers: the file's own word. */
const ownWord = [
  /^(export_id|created_at)$/,
  // Wider than what was found.
  /^selection\.(from|to)$/,
  // Where the event before is not in the file, only its form can be seen.
  /^events\.\d+\.previous_hash$/,
  // What the events show by themselves, or what belongs to no checkpoint.
  /^checkpoints\.[0-2] gone$/,
  /^consistency\.\d+(\.size| gone)$/,
];

test.each([
  ['everything', whole],
  ['some', some],
  ['a part', part],
] as const)('every value of a file of %s is vouched for, but for what is its own word', async (_, make) => {
  const text = fileText(await make());
  const kept: string[] = [];
  for (const [place, change] of changesOf(JSON.parse(text))) {
    const file = JSON.parse(text) as Record<string, unknown>;
    change(file);
    if ((await verify(pretty(file))).ok) kept.push(place);
  }
  expect(kept.filter((place) => !ownWord.some((each) => each.test(place)))).toEqual([]);
  expect(kept).toEqual(expect.arrayContaining(['export_id', 'created_at']));
});

type Change = (file: Record<string, unknown>) => void;

/** For each value of the file: changed a little, and gone. */
function changesOf(value: unknown, names: readonly string[] = []): [string, Change][] {
  if (typeof value === 'object' && value !== null) {
    const inner = Object.entries(value).flatMap(([name, each]) => changesOf(each, [...names, name]));
    return names.length === 0 ? inner : [...inner, [`${names.join('.')} gone`, without(names)]];
  }
  return [
    [names.join('.'), replaced(names, another(value))],
    [`${names.join('.')} gone`, without(names)],
  ];
}

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value !== 'string') return 'a'.repeat(64);
  const middle = Math.floor(value.length / 2);
  return value.slice(0, middle) + (value[middle] === '1' ? '2' : '1') + value.slice(middle + 1);
}

function replaced(names: readonly string[], value: unknown): Change {
  return (file) => {
    const [holder, name] = reach(file, names);
    holder[name] = value;
  };
}

function without(names: readonly string[]): Change {
  return (file) => {
    const [holder, name] = reach(file, names);
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else delete holder[name];
  };
}

function reach(file: Record<string, unknown>, names: readonly string[]): [Record<string, unknown>, string] {
  const holder = names.slice(0, -1).reduce((each, name) => each[name] as Record<string, unknown>, file);
  return [holder, names.at(-1) as string];
}

describe('aos verify', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'aos-verify-'));
    await writeFile(path.join(folder, 'file.json'), fileText(await part()));
    await writeFile(path.join(folder, 'empty'), '\n');
    await writeFile(path.join(folder, 'keys'), `${encodeVerifier(signer)}\n`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('does not believe the file when the keys it was given are none', async () => {
    const refused = await runCommand(['verify', 'file.json', '--key', 'empty'], { cwd: folder });
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no key in it') });
  });

  test('says what a period does not show', async () => {
    const { exitCode, stdout } = await runCommand(['verify', 'file.json', '--key', 'keys'], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('every leaf from 10 up to 13; that the period has no others is not shown');
  });
});
