import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BarrierName } from '../../barriers';
import { appendEvents } from '../support/audit-events';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { expectWhole } from '../support/sealing';
import { until } from '../support/until';

let stack: ProcessStack;
beforeAll(async () => {
  stack = await startProcessStack();
});
afterAll(() => stack?.stop());

async function allSealedAndCopied(): Promise<boolean> {
  const { rows } = await stack.owner.query<{ done: boolean }>(
    `select unsealed = 0 and (select coalesce(bool_and(last_seq = (select max(seq) from audit_checkpoints)), false)
      from audit_checkpoint_copies) as done from aos_sealing_state(10)`,
  );
  return rows[0]?.done === true;
}

const lives: BarrierName[] = ['seal.leaves-written', 'seal.before-commit', 'seal.committed', 'seal.checkpoints-copied'];

test('a worker that is killed while it seals or copies leaves neither gap nor double, and no checkpoint stays behind', async () => {
  const tenant = stack.keys.tenants[0]?.tenant_id ?? '';
  // What was there before must not bring a worker to its end before it has begun.
  const first = await stack.startWorker();
  await until(allSealedAndCopied, { what: 'sealing and copying' });
  await first.stop();
  for (const barrier of lives) {
    const doomed = await stack.startWorker({ barrier });
    await appendEvents(stack.owner, tenant, 300);
    expect([barrier, await doomed.ended]).toEqual([barrier, 'SIGKILL']);
    const next = await stack.startWorker();
    await until(allSealedAndCopied, { what: 'sealing and copying' });
    await next.stop();
  }
  const leaves = await expectWhole(stack.owner, tenant);
  const { rows: events } = await stack.owner.query<{ event_id: string }>(
    'select event_id from audit_events where tenant_id = $1 order by xact_id, ordinal',
    [tenant],
  );
  expect(leaves.map((leaf) => leaf.event_id)).toEqual(events.map((event) => event.event_id));

  const { rows } = await stack.owner.query<{ id: string }>('select checkpoint_id as id from audit_checkpoints');
  const folder = path.join(stack.folder, 'checkpoints');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const text = (await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')))).join('');
  const copied = new Set(
    text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { checkpoint_id: string }).checkpoint_id),
  );
  expect(rows.filter(({ id }) => !copied.has(id))).toEqual([]);
}, 400_000);
