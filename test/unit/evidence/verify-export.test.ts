import { hash } from 'node:crypto';
import type { ExportEvent } from '../../../evidence/export-format';
import { leafHash } from '../../../evidence/merkle/hash';
import { verifyExport } from '../../../evidence/verify/verify-export';
import { chunksOf, fileText, makeFile, makeTree, tenant, type EvidenceFile } from '../../support/evidence-file';
import { found, signer, some, tree, verify, whole } from './verified-files';

/** A payload rewritten with all hashes of its own line, as somebody would who knows the format. */
function rewritten(event: ExportEvent): ExportEvent {
  const bytes = Buffer.from(
    Buffer.from(event.bytes as string, 'base64')
      .toString()
      .replace('success', 'failure'),
  );
  return {
    ...event,
    bytes: bytes.toString('base64'),
    integrity_hash: hash('sha256', bytes),
    leaf_hash: leafHash(bytes).toString('hex'),
  };
}

describe('a file that nobody touched', () => {
  test.each([1, 2, 3, 64])('of the whole tree holds, read in pieces of %i bytes', async (size) => {
    const result = await verifyExport(chunksOf(fileText(await whole()), size));
    expect(result).toMatchObject({ ok: true, events: 37, findings: [], file: { tenant_id: tenant, checkpoints: 4 } });
  });

  test('of some events, of a part, of one and of none holds', async () => {
    const pick = (indexes: number[], coverage: EvidenceFile['header']['coverage']) =>
      makeFile({ tree, size: 37, signers: [signer], indexes, coverage });
    for (const file of [
      await some(),
      await pick([10, 11, 12], { type: 'range', from: 10, to: 13 }),
      await pick([36], { type: 'range', from: 36, to: 37 }),
      await pick([], { type: 'range', from: 0, to: 0 }),
      await pick([], { type: 'selected' }),
      await makeFile({ tree, size: 0, signers: [signer] }),
    ]) {
      expect(await found(file)).toEqual([]);
    }
  });

  test('holds when its events are long, and short ones come between', async () => {
    const sizes = [70_000, 10, 300_000, 65_536];
    const lengths = (index: number) => sizes[index % sizes.length] as number;
    const long = makeTree(9, { payloadBytes: lengths });
    expect(await found(await makeFile({ tree: long, size: 9, signers: [signer] }))).toEqual([]);
  });

  test('holds when it was formatted anew', async () => {
    const text = JSON.stringify(JSON.parse(fileText(await whole())), null, 2);
    expect(await verify(text)).toMatchObject({ ok: true, events: 37 });
  });

  test('tells whether its key is known, or its own word', async () => {
    expect((await verify(await whole())).file?.is_key_known).toBe(false);
    expect(await verify(await whole(), { keys: [signer] })).toMatchObject({ ok: true, file: { is_key_known: true } });
  });
});

describe('what was changed is found where it was changed', () => {
  const change = async (index: number, edit: (event: ExportEvent) => ExportEvent | ExportEvent[]) => {
    const file = await whole();
    file.events = file.events.flatMap((event) => (event.index === index ? edit(event) : event));
    return file;
  };
  const here = { index: 9, event_id: 'evt_000009' };

  test('bytes', async () => {
    const file = await change(9, (event) => ({ ...event, bytes: rewritten(event).bytes }));
    expect(await found(file)).toEqual([
      { check: 'integrity_hash', ...here, field: 'integrity_hash' },
      { check: 'leaf_hash', ...here, field: 'leaf_hash' },
      { check: 'tree', index: 5, event_id: undefined, field: undefined },
    ]);
  });

  test('bytes and all hashes of their line', async () => {
    const findings = (await verify(await change(9, rewritten))).findings;
    expect(findings.map(({ check, index }) => ({ check, index }))).toEqual([
      { check: 'previous_hash', index: 10 },
      { check: 'tree', index: 5 },
    ]);
    expect(findings[0]?.message).toContain('evt_000009');
    expect(findings[1]?.message).toContain('one of the leaves 5 to 15');
  });

  test('a hash', async () => {
    const wrong = 'ab'.repeat(32);
    expect(await found(await change(9, (event) => ({ ...event, integrity_hash: wrong })))).toEqual([
      { check: 'integrity_hash', ...here, field: 'integrity_hash' },
      { check: 'previous_hash', index: 10, event_id: 'evt_000010', field: 'previous_hash' },
    ]);
    expect(await found(await change(9, (event) => ({ ...event, leaf_hash: wrong })))).toEqual([
      { check: 'leaf_hash', ...here, field: 'leaf_hash' },
    ]);
    expect(await found(await change(9, (event) => ({ ...event, previous_hash: wrong })))).toEqual([
      { check: 'previous_hash', ...here, field: 'previous_hash' },
    ]);
    expect(await found(await change(0, (event) => ({ ...event, previous_hash: wrong })))).toMatchObject([
      { check: 'previous_hash', index: 0 },
    ]);
  });

  test('columns that say something else than the bytes', async () => {
    const columns = { outcome: 'failure', event_type: 'PlaneRegistered', evidence: { name: 'plane 9', filler: '' } };
    expect(await found(await change(9, (event) => ({ ...event, columns })))).toEqual([
      { check: 'column', ...here, field: 'outcome' },
    ]);
    expect(await found(await change(9, (event) => ({ ...event, event_id: 'evt_other' })))).toEqual([
      { check: 'column', index: 9, event_id: 'evt_other', field: 'event_id' },
    ]);
  });

  test('an event that is gone, doubled, or elsewhere', async () => {
    expect(await found(await change(9, () => []))).toEqual([
      { check: 'sequence', index: 10, event_id: 'evt_000010', field: 'index' },
      { check: 'count', index: undefined, event_id: undefined, field: 'end.events' },
    ]);
    expect((await verify(await change(9, () => []))).findings[0]?.message).toContain('leaf 9 is missing');
    expect((await found(await change(9, (event) => [event, event]))).slice(0, 2)).toEqual([
      { check: 'duplicate', ...here, field: 'event_id' },
      { check: 'sequence', ...here, field: 'index' },
    ]);
    const file = await whole();
    [file.events[8], file.events[9]] = [file.events[9] as ExportEvent, file.events[8] as ExportEvent];
    expect((await found(file)).map(({ check, index }) => ({ check, index })).slice(0, 2)).toEqual([
      { check: 'sequence', index: 9 },
      { check: 'sequence', index: 8 },
    ]);
  });

  test('two events that changed places with their indexes', async () => {
    const file = await whole();
    const [one, other] = [file.events[8], file.events[9]] as [ExportEvent, ExportEvent];
    file.events.splice(8, 2, { ...other, index: 8 }, { ...one, index: 9 });
    expect(await found(file)).toMatchObject([
      { check: 'previous_hash', index: 8 },
      { check: 'previous_hash', index: 9 },
      { check: 'previous_hash', index: 10 },
      { check: 'tree', index: 5 },
    ]);
  });

  test('the last events, with the count', async () => {
    const file = await whole();
    file.events.splice(35);
    file.end.events = 35;
    expect(await found(file)).toMatchObject([{ check: 'sequence', index: 35 }]);
  });

  test('bytes that are gone, no base64, no JSON, or of somebody else', async () => {
    const asBytes = (text: string) => ({
      bytes: Buffer.from(text).toString('base64'),
      integrity_hash: hash('sha256', text),
      leaf_hash: leafHash(Buffer.from(text)).toString('hex'),
    });
    const checks = async (edit: Partial<ExportEvent>) =>
      (await found(await change(36, (event) => ({ ...event, ...edit })))).map(({ check }) => check);
    expect(await checks({ bytes: null })).toEqual(['bytes']);
    expect(await checks({ bytes: '????' })).toEqual(['bytes']);
    expect(await checks(asBytes('no JSON'))).toEqual(['payload', 'tree']);
    const foreign = '{"event_id":"evt_000036","tenant_id":"ten_other"}';
    expect(await checks(asBytes(foreign))).toEqual(['tenant', 'tree']);
  });

  test('an event among some, and the hashes that stand for the others', async () => {
    const file = await some();
    file.events.splice(1, 1);
    file.end.events = 3;
    expect(await found(file)).toMatchObject([{ check: 'tree', index: 17, event_id: 'evt_000017' }]);
    const other = await some();
    other.events[2] = rewritten(other.events[2] as ExportEvent);
    expect(await found(other)).toMatchObject([{ check: 'tree' }]);
    const third = await some();
    third.end.after[0] = 'cd'.repeat(32);
    expect(await found(third)).toMatchObject([{ check: 'tree' }]);
  });

  test('a member that the format does not have', async () => {
    const file = await change(9, (event) => ({ ...event, comment: 'hello' }) as ExportEvent);
    expect(await found(file)).toMatchObject([
      { check: 'format', index: 9 },
      { check: 'sequence', index: 10 },
      { check: 'count' },
    ]);
  });
});

describe('a file that is not whole', () => {
  test('says after which event it breaks off', async () => {
    const text = fileText(await whole());
    for (const at of [text.indexOf('"index":20') + 30, text.indexOf('\n],"end"'), text.length - 5]) {
      const { findings } = await verify(text.slice(0, at));
      expect(findings[0]).toMatchObject({ check: 'truncated' });
    }
    const result = await verify(text.slice(0, text.indexOf('"index":20') + 30));
    expect(result.findings[0]).toMatchObject({ index: 19, line: 22 });
  });

  test('is refused when it is empty, something else, or of a version to come', async () => {
    expect(await found('')).toMatchObject([{ check: 'truncated' }]);
    expect(await found('{"hello":1}')).toMatchObject([{ check: 'format', field: 'format' }]);
    const file = await whole();
    const text = fileText(file).replace('"format_version":1', '"format_version":2');
    expect(await found(text)).toEqual([
      { check: 'format', index: undefined, event_id: undefined, field: 'format_version' },
    ]);
    const latin1 = Buffer.from(fileText(await whole()).replace('plane', 'pläne'), 'latin1');
    expect(await verifyExport(chunksOf(latin1.fill(0xff, 2_500, 2_501)))).toMatchObject({ ok: false });
  });

  test('is not read behind its end', async () => {
    expect(await found(`${fileText(await whole())}{}\n`)).toMatchObject([{ check: 'format' }]);
    expect(await found(`${fileText(await whole())}{}`)).toMatchObject([{ check: 'format' }]);
  });
});

test('any byte of the events that is changed is noticed', async () => {
  const file = await makeFile({ tree, size: 3, signers: [signer] });
  const text = fileText(file);
  const start = text.indexOf('"events":[') + 11;
  for (let at = start; at < text.indexOf(',"end"'); at += 1) {
    if (text[at] === '\n') continue;
    const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    if (!(await verify(changed)).ok) continue;
    throw new Error(`a change at ${at} of the file is not noticed: ${text.slice(at - 20, at + 20)}`);
  }
});

test('findings are bounded, and all are counted', async () => {
  const file = await whole();
  file.events = file.events.map((event) => ({ ...event, leaf_hash: '00'.repeat(32) }));
  const result = await verify(file, { findingsMax: 5 });
  expect(result).toMatchObject({ ok: false, findingsTotal: 37 });
  expect(result.findings).toHaveLength(5);
});
