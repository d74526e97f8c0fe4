import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEgress } from '../../activities/adapters/egress';
import {
  createFolderTarget,
  createObjectTarget,
  createWebhookTarget,
} from '../../activities/adapters/checkpoint-target';
import type { CheckpointCopy, CheckpointTarget } from '../../contracts/checkpoint-copies';
import { openNote, type Verifier } from '../../evidence/note';
import { copyCheckpoints } from '../../operations/sealing/copy-checkpoints';
import { rotateKey } from '../../scripts/audit/rotate';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendEvents } from '../support/audit-events';
import { expectWhole, newKey, startSealing, type SealingBench } from '../support/sealing';

let bench: SealingBench;
let folder: string;
let copying: Promise<number>;
beforeEach(async () => {
  bench = await startSealing();
  folder = await mkdtemp(path.join(tmpdir(), 'aos-copies-'));
});
afterEach(async () => {
  await bench.stop();
  await rm(folder, { recursive: true });
});

async function sealSome(batches: number): Promise<readonly string[]> {
  const sealer = bench.sealer();
  for (let batch = 0; batch < batches; batch += 1) {
    await appendEvents(bench.owner, batch % 2 === 0 ? 'one' : 'two', 2);
    await sealer.seal();
  }
  const { rows } = await bench.owner.query<{ id: string }>(
    'select checkpoint_id as id from audit_checkpoints order by seq',
  );
  return rows.map(({ id }) => id);
}

async function linesOf(): Promise<readonly CheckpointCopy[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).toSorted();
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts
    .join('')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as CheckpointCopy];
      } catch {
        return [];
      }
    });
}

test('a folder has every checkpoint, in order, also when the copying ended between keeping and remembering', async () => {
  const ids = await sealSome(4);
  const target = createFolderTarget(folder);
  const killed = () => {
    throw new Error('killed');
  };
  await expect(copyCheckpoints(bench.system, target, killed)).rejects.toThrow('killed');
  // As if the machine had gone down in the midst of a line.
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  await appendFile(path.join(folder, file ?? ''), '{"checkpoint_id":"cp_cut');
  const more = await sealSome(1);
  expect(await copyCheckpoints(bench.system, target)).toBe(5);
  expect(await copyCheckpoints(bench.system, target)).toBe(0);
  const copied = (await linesOf()).map((line) => line.checkpoint_id);
  expect(copied).toEqual([...ids, ...more]);
  const { rows: keys } = await bench.owner.query<Verifier>(
    'select name, public_key as "publicKey" from audit_signing_keys',
  );
  const latest = await readFile(path.join(folder, 'latest/one.note'), 'utf8');
  expect(openNote(latest, keys).text).toContain('\n6\n');
});

test('a webhook gets what it did not keep again, and nothing twice once it has', async () => {
  const ids = await sealSome(3);
  const kept: string[] = [];
  const keysSeen = new Set<unknown>();
  let answers = [503, 200];
  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const body = JSON.parse(Buffer.concat(pieces).toString()) as { checkpoints: CheckpointCopy[] };
      keysSeen.add(request.headers['idempotency-key']);
      const [status = 200, ...rest] = answers;
      answers = rest;
      if (status === 200) kept.push(...body.checkpoints.map((each) => each.checkpoint_id));
      response.writeHead(status).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const guarded = createEgress({ allowed: [] });
  const dispatcher = createEgress({ allowed: [`127.0.0.1:${port}`] });
  const url = `http://127.0.0.1:${port}/checkpoints`;
  const dueIn = (interval: string) =>
    bench.owner.query('update audit_checkpoint_copies set next_attempt_at = next_attempt_at + $1::interval', [
      interval,
    ]);
  const retryNow = () => dueIn('-1 hour');
  try {
    const { rows: before } = await bench.owner.query(`select now() + interval '1 second' as due`);
    await expect(copyCheckpoints(bench.system, createWebhookTarget({ url, dispatcher: guarded }))).rejects.toThrow(
      'reach',
    );
    const { rows: places } = await bench.owner.query(
      'select next_attempt_at >= $1 as waits from audit_checkpoint_copies',
      [before[0].due],
    );
    expect(places).toEqual([{ waits: true }]);
    await dueIn('1 minute');
    const target = createWebhookTarget({ url, dispatcher });
    expect(await copyCheckpoints(bench.system, target)).toBe(0);
    await retryNow();
    await expect(copyCheckpoints(bench.system, target)).rejects.toThrow('answered 503');
    const { rows } = await bench.owner.query(
      'select attempts, last_error, last_seq::int as last from audit_checkpoint_copies',
    );
    expect(rows).toEqual([{ attempts: 2, last_error: expect.stringContaining('503'), last: 0 }]);
    await retryNow();
    expect(await copyCheckpoints(bench.system, target)).toBe(3);
    expect(await copyCheckpoints(bench.system, target)).toBe(0);
    expect(kept).toEqual(ids);
    expect(keysSeen.size).toBe(1);
  } finally {
    await Promise.all([guarded.close(), dispatcher.close()]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('places are independent, and the object store has each note under the name that no tenant has', async () => {
  await sealSome(2);
  const put: [string, string][] = [];
  const objects: CheckpointTarget = createObjectTarget({
    async put(tenantId, content) {
      put.push([tenantId, String(content)]);
      return { sha256: '', bytes: 0 };
    },
  });
  expect(await copyCheckpoints(bench.system, objects)).toBe(2);
  expect(await copyCheckpoints(bench.system, createFolderTarget(folder))).toBe(2);
  expect(put.map(([tenantId]) => tenantId)).toEqual(['checkpoints', 'checkpoints']);
  const { rows } = await bench.owner.query('select note from audit_checkpoints order by seq');
  expect(put.map(([, note]) => note)).toEqual(rows.map(({ note }) => note as string));
});

test('a rotated key is signed for by the one before it, is taken up without a restart, and old checkpoints stay good', async () => {
  const sealer = bench.sealer();
  const seal = async () => {
    await appendEvents(bench.owner, 'one', 1);
    return sealer.seal();
  };
  await expect(rotateKey(bench.owner, bench.keyFile)).rejects.toThrow('No key is registered yet');
  await seal();
  const first = await rotateKey(bench.owner, bench.keyFile);
  await expect(rotateKey(bench.owner, bench.keyFile)).rejects.toThrow('wait until the worker');
  await seal();
  const second = await rotateKey(bench.owner, bench.keyFile);
  expect(second.former).toBe(first.key);
  await seal();
  // What a seal itself has told may be held up by a transaction of another test.
  await sealer.seal();
  await expectWhole(bench.owner, 'one');
  const { rows } = await bench.owner.query(
    `select key_id, former_key_id, record, (select tree_size::int from audit_checkpoints c
      where c.key_id = k.key_id and c.tenant_id = 'one') as size from audit_signing_keys k order by seq`,
  );
  expect(rows.map(({ key_id, former_key_id, size }) => [key_id, former_key_id, size])).toEqual([
    [first.former, null, 1],
    [first.key, first.former, 2],
    [second.key, first.key, 3],
  ]);
  const { rows: told } = await bench.owner.query(
    `select e.evidence, e.actor_id from audit_events e join audit_leaves l using (event_id)
      where e.tenant_id = 'platform' and e.event_type = 'SigningKeyRotated' order by l.tenant_sequence`,
  );
  expect(told).toEqual(
    rows.slice(1).map(({ key_id, former_key_id, record }) => ({
      actor_id: 'system:sealer',
      evidence: { key_id, former_key_id, record_hash: createHash('sha256').update(record).digest('hex') },
    })),
  );
  await expectWhole(bench.owner, 'platform');
  expect(rows[2].record).toMatch(/(— aos\/[0-9a-f]{32} \S+\n){2}$/);

  // A key that the last one does not know is refused, whatever record lies beside it.
  await writeFile(bench.keyFile, newKey());
  await expect(seal()).rejects.toThrow('is not of this key, signed by it and by the key before it');
  await rm(`${bench.keyFile}.record`);
  await expect(seal()).rejects.toThrow('no record of the last one names it');
});

test('a place that is slow holds no sealing up, and nobody else copies there meanwhile', async () => {
  await sealSome(1);
  let kept = () => {};
  const isAsked = new Promise<void>((asked) => {
    const slow: CheckpointTarget = {
      name: 'webhook',
      copy: () => new Promise((resolve) => (asked(), (kept = resolve))),
    };
    copying = copyCheckpoints(bench.system, slow);
  });
  await isAsked;
  expect(await copyCheckpoints(bench.system, { name: 'webhook', copy: () => Promise.reject(new Error('twice')) })).toBe(
    0,
  );
  expect(await sealSome(1)).toHaveLength(2);
  kept();
  expect(await copying).toBe(1);
});
