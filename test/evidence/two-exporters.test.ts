import { Readable } from 'node:stream';
import { createExporter, type ExportRequest } from '../../api/exports/create-exporter';
import type { ApiServices } from '../../api/services';
import { createPrisma, type PrismaClient } from '../../prisma/client';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let prisma: PrismaClient;
beforeAll(async () => {
  stack = await startTestStack();
  prisma = createPrisma({ databaseUrl: stack.database.appUrl, connectionsMax: 4 });
});
afterAll(async () => {
  await prisma.$disconnect();
  await stack.stop();
});

type Put = ApiServices['exportFiles']['put'];

const request: ExportRequest = { format: 'json', selection: { type: 'all' }, checkpointSizes: [] };
const exporter = (put: Put) =>
  createExporter({ dispatch: stack.dispatch, prisma, exportFiles: { put, read: async () => Readable.from([]) } });

async function recordsOf(exportId: string) {
  const { rows } = await stack.owner.query<{ event_type: string }>(
    `select event_type from audit_events where resource_id = $1 and event_type in ('ExportCreated', 'ExportFailed')
     order by ordinal`,
    [exportId],
  );
  return rows.map(({ event_type: type }) => type);
}

test('two processes that write for one key answer with the one export that stands', async () => {
  const [firstWrites, secondWrites] = [signal(), signal()];
  const write = (name: string, writes: Signal) =>
    exporter(async (_, content) => {
      let bytes = 0;
      for await (const chunk of content) bytes += Buffer.byteLength(chunk as string);
      writes.give();
      await secondWrites.given;
      return { sha256: name.repeat(64), bytes };
    })(stack.as('auditor'), request, 'one-key-for-two');
  const first = write('a', firstWrites);
  await firstWrites.given;
  const [one, other] = await Promise.all([first, write('b', secondWrites)]);
  expect(one).toEqual(other);
  expect(await recordsOf(one.exportId)).toEqual(['ExportCreated']);
});

interface Signal {
  readonly given: Promise<void>;
  give(): void;
}

function signal(): Signal {
  let give = () => {};
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}

test('one that stands is never recorded as failed; one that does not, is, and can be written later', async () => {
  const away: Put = async () => {
    throw new Error('the store is away');
  };
  const write = (put: Put) => exporter(put)(stack.as('auditor'), request, 'fails-at-first');
  await expect(write(away)).rejects.toThrow('the store is away');
  const row = await write(async () => ({ sha256: 'c'.repeat(64), bytes: 1 }));
  expect(await recordsOf(row.exportId)).toEqual(['ExportFailed', 'ExportCreated']);
  const params = { exportId: row.exportId, reason: 'too late' };
  const late = stack.dispatch(stack.as('auditor'), 'evidence.exports.fail', { params, idempotencyKey: 'late' });
  await expect(late).rejects.toMatchObject({ reason: 'CONFLICT' });
  expect(await write(away)).toEqual(row);
});
