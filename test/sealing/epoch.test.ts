import { originOf } from '../../evidence/checkpoint';
import { parseCheckpoint } from '../../evidence/note';
import { createPrisma, type PrismaClient } from '../../prisma/client';
import { readSealedEvents } from '../../prisma/reads/sealed-events';
import { readTree } from '../../prisma/reads/tree';
import { inclusionProof, verifyInclusion } from '../../evidence/merkle/proofs';
import { appendEvents } from '../support/audit-events';
import { expectWhole, leavesOf, startSealing, type SealingBench } from '../support/sealing';

let bench: SealingBench;
let prisma: PrismaClient;
beforeEach(async () => {
  bench = await startSealing();
  prisma = createPrisma({ databaseUrl: bench.database.appUrl, connectionsMax: 2 });
});
afterEach(async () => {
  await prisma.$disconnect();
  await bench.stop();
});

const ids = (events: readonly { readonly eventId: string }[]) => events.map(({ eventId }) => eventId);

test.each([
  ['on the same server', `update audit_sealing set epoch_due = 'restored'`, 'restored'],
  [
    'on another server, whose transaction ids are higher',
    `update audit_sealing set server_id = '1'`,
    'the database lies on another server',
  ],
])(
  'a restored database goes on in a new epoch that names the last checkpoint: %s',
  async (_where, restored, reason) => {
    const events = ids(await appendEvents(bench.owner, 'one', 300));
    await appendEvents(bench.owner, 'two', 1);
    await bench.sealer().seal();
    // What the backup held without a leaf, with ids from a server that had come further.
    events.push(...ids(await appendEvents(bench.owner, 'one', 4)));
    await bench.owner.query('alter table audit_events disable trigger user');
    await bench.owner.query(`update audit_events set xact_id = (xact_id::text::bigint + 1000000)::text::xid8`);
    await bench.owner.query('alter table audit_events enable trigger user');
    await bench.owner.query(restored);
    const { rows: before } = await bench.owner.query(`select note from audit_checkpoints where tenant_id = 'one'`);
    const last = parseCheckpoint(before[0].note);

    await bench.hasty().seal();
    const sealer = bench.sealer();
    events.push(...ids(await appendEvents(bench.owner, 'one', 2)));
    await sealer.seal();
    expect((await leavesOf(bench.owner, 'one')).map((leaf) => leaf.event_id)).toEqual(events);
    await expectWhole(bench.owner, 'one');
    const { rows: checkpoints } = await bench.owner.query(
      `select epoch, tree_size::int as size, note from audit_checkpoints where tenant_id = 'one' order by seq`,
    );
    expect(checkpoints.map(({ epoch, size }) => [epoch, size])).toEqual([
      [1, 300],
      [2, 300],
      [2, 304],
      [2, 306],
    ]);
    const [installation] = (await bench.owner.query('select installation_id as id from audit_sealing')).rows;
    expect(parseCheckpoint(checkpoints[1].note).origin).toBe(originOf(installation.id, 'one', 2));
    expect(checkpoints[1].note).toContain(`\nfollows ${last.origin} 300 ${last.root.toString('base64')}\n`);
    expect(await sealer.seal()).toBe(0);
    const { rows } = await bench.owner.query(`select tenant_id, epoch from audit_tree_heads order by 1`);
    expect(rows).toEqual(['one', 'platform', 'two'].map((tenant_id) => ({ tenant_id, epoch: 2 })));
    const { rows: told } = await bench.owner.query(
      `select e.evidence, e.actor_id from audit_events e join audit_leaves l using (event_id)
      where e.tenant_id = 'platform'`,
    );
    expect(told).toEqual([{ actor_id: 'system:sealer', evidence: { epoch: 2, former_epoch: 1, reason } }]);
    await expectWhole(bench.owner, 'platform');
  },
);

test('a tree that is not what was signed does not enter the new epoch; repaired, it does, with what it held and what came', async () => {
  const events = ids(await appendEvents(bench.owner, 'one', 5));
  await appendEvents(bench.owner, 'two', 1);
  await bench.sealer().seal();
  events.push(...ids(await appendEvents(bench.owner, 'one', 2)));
  await bench.owner.query('alter table audit_events disable trigger user');
  await bench.owner.query(`update audit_events set xact_id = (xact_id::text::bigint + 1000000)::text::xid8`);
  await bench.owner.query('alter table audit_events enable trigger user');
  await bench.owner.query(
    `update audit_tree_heads set edge = edge || edge, last_xact = (last_xact::text::bigint + 1000000)::text::xid8`,
  );
  await bench.owner.query(
    `update audit_tree_heads set edge = substr(edge, 1, length(edge) / 2) where tenant_id = 'two'`,
  );
  await bench.owner.query(`update audit_sealing set server_id = '1'`);
  const sealer = bench.sealer();
  await bench.hasty().seal();
  await sealer.seal();
  events.push(...ids(await appendEvents(bench.owner, 'one', 1)));
  await appendEvents(bench.owner, 'two', 1);
  await sealer.seal();
  await sealer.seal();
  const epochs = async () =>
    (
      await bench.owner.query(
        `select tenant_id, epoch, halted_at is not null as halted from audit_tree_heads
          where tenant_id <> 'platform' order by 1`,
      )
    ).rows;
  expect(await epochs()).toEqual([
    { tenant_id: 'one', epoch: 1, halted: true },
    { tenant_id: 'two', epoch: 2, halted: false },
  ]);
  await expectWhole(bench.owner, 'two');

  await bench.owner.query(
    `update audit_tree_heads set edge = substr(edge, 1, length(edge) / 2) where tenant_id = 'one'`,
  );
  await bench.owner.query(`select aos_resume_sealing('one')`);
  await sealer.seal();
  await sealer.seal();
  expect((await leavesOf(bench.owner, 'one')).map((leaf) => leaf.event_id)).toEqual(events);
  await expectWhole(bench.owner, 'one');
  expect(await epochs()).toEqual([
    { tenant_id: 'one', epoch: 2, halted: false },
    { tenant_id: 'two', epoch: 2, halted: false },
  ]);
});

test('the reads of a tree prove every event, for its tenant alone', async () => {
  const sealer = bench.sealer({ batchMax: 100 });
  const events = await appendEvents(bench.owner, 'one', 700);
  await sealer.seal();
  await readTree(prisma, 'one', async (tree) => {
    const { size } = await tree.head();
    const checkpoint = await tree.latestCheckpoint();
    expect([size, Number(checkpoint?.treeSize)]).toEqual([700, 700]);
    const rows = await readSealedEvents(prisma, 'one', { from: 255, to: 258 });
    expect(rows.map((row) => Buffer.from(row.payload_bytes ?? []))).toEqual(
      events.slice(255, 258).map(({ bytes }) => bytes),
    );
    for (const index of [0, 255, 256, 511, 512, 699]) {
      const leaf = await tree.leafOfEvent(events[index]?.eventId ?? '');
      expect(Number(leaf?.tenantSequence)).toBe(index);
      const proof = await inclusionProof(index, size, tree.readNode);
      const root = checkpoint?.rootHash ?? Buffer.alloc(0);
      expect(verifyInclusion({ leafHash: leaf?.leafHash ?? Buffer.alloc(0), index, size, proof, root })).toBe(true);
    }
  });
  await readTree(prisma, 'two', async (tree) => {
    expect(await tree.head()).toMatchObject({ size: 0, epoch: 1, haltedReason: null });
    expect(await tree.leafOfEvent(events[0]?.eventId ?? '')).toBeNull();
  });
});
