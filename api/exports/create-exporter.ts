import { Readable } from 'node:stream';
import { EngineError, refusal } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { exportEventsMax, type ExportFormat, type ExportSelection } from '../../contracts/exports';
import type { ExportEnd } from '../../evidence/export-format';
import { parseCheckpoint, splitNote } from '../../evidence/note';
import { writeExport } from '../../evidence/write-export';
import { newId } from '../../operations/ids';
import type { PrismaClient } from '../../prisma/client';
import { findExport, type ExportRow } from '../../prisma/reads/exports';
import { chooseLeaves, type ChosenLeaves } from '../../prisma/reads/sealed-events';
import { readTree } from '../../prisma/reads/tree';
import type { ApiServices } from '../services';
import { awaitSealed } from './await-sealed';
import { writeCsv } from './csv';
import { toExportEvent } from './export-event';
import { readHeader } from './export-header';
import { readEvents, readGaps, type EventWithGap } from './read-events';

export interface ExportRequest {
  readonly format: ExportFormat;
  readonly selection: ExportSelection;
  readonly checkpointSizes: readonly number[];
}

export type Exporter = (
  context: ExecutionContext,
  request: ExportRequest,
  idempotencyKey: string,
) => Promise<ExportRow>;

const bytesMax = 4 * 1024 ** 3;

/** Writes exports into the object store, one at a time for each tenant; memory holds a batch of events. */
export function createExporter({
  dispatch,
  prisma,
  exportFiles,
}: Pick<ApiServices, 'dispatch' | 'prisma' | 'exportFiles'>): Exporter {
  const writing = new Set<string>();

  return async (context, request, idempotencyKey) => {
    const { tenantId } = context;
    if (writing.has(tenantId)) {
      throw new EngineError('resource_busy', 'another export is being written; try again', { retryAfterSeconds: 5 });
    }
    writing.add(tenantId);
    try {
      const params = { ...request, checkpointSizes: [...request.checkpointSizes] };
      const { exportId } = await dispatch(context, 'evidence.exports.begin', { params, idempotencyKey });
      const written = await findExport(prisma, tenantId, exportId);
      if (written !== null) return written;
      return await write(context, exportId, request).catch(async (error: unknown) => {
        // A caller with the same key at another process may have been first.
        const standing = await findExport(prisma, tenantId, exportId);
        if (standing !== null) return standing;
        const failed = { exportId, reason: reasonOf(error) };
        await dispatch(context, 'evidence.exports.fail', { params: failed, idempotencyKey: newId('gen-', 16) });
        throw error;
      });
    } finally {
      writing.delete(tenantId);
    }
  };

  async function write(context: ExecutionContext, exportId: string, request: ExportRequest): Promise<ExportRow> {
    const { tenantId } = context;
    const unsealed = await awaitSealed(prisma, tenantId);
    const tree = await readNewestTree(prisma, tenantId);
    const { selection } = request;
    const chosen = await chooseLeaves(prisma, tenantId, { selection, size: tree.size, max: exportEventsMax });
    requireFitting(chosen);
    const counted = countEvents(readEvents(prisma, tenantId, chosen));
    const text =
      request.format === 'csv'
        ? writeCsv(counted.batches)
        : writeExport(
            await readHeader(prisma, tenantId, {
              ...{ exportId, selection, chosen, tree, unsealed },
              sizes: request.checkpointSizes,
            }),
            asEvents(counted.batches),
            async () => ({ events: counted.events(), after: await after(tenantId, chosen, tree.size) }),
          );
    const stored = await exportFiles.put(tenantId, Readable.from(text, { objectMode: false }), { bytesMax });
    const params = {
      ...{ exportId, format: request.format, selection },
      ...{ treeSize: tree.size, rootHash: tree.root, events: counted.events(), ...stored },
    };
    await dispatch(context, 'evidence.exports.complete', { params, idempotencyKey: newId('gen-', 16) });
    const row = await findExport(prisma, tenantId, exportId);
    if (row === null) throw new Error(`export ${exportId} cannot be read after it was recorded`);
    return row;
  }

  async function after(tenantId: string, chosen: ChosenLeaves, size: number): Promise<ExportEnd['after']> {
    const from = 'from' in chosen ? chosen.to : (chosen.at(-1) ?? -1) + 1;
    const [hashes] = await readGaps(prisma, tenantId, [[from, size]]);
    return [...(hashes ?? [])];
  }
}

/** By its newest checkpoint, since only what that covers can be shown to anybody. */
async function readNewestTree(prisma: PrismaClient, tenantId: string): Promise<{ size: number; root: string }> {
  const checkpoint = await readTree(prisma, tenantId, (tree) => tree.latestCheckpoint());
  if (checkpoint === null) throw refusal('INVALID_STATE', 'nothing of this tenant is sealed yet');
  try {
    const { size, root } = parseCheckpoint(splitNote(checkpoint.note).text);
    return { size, root: root.toString('hex') };
  } catch {
    // Whoever checks the file is told what is wrong with the note.
    return { size: Number(checkpoint.treeSize), root: Buffer.from(checkpoint.rootHash).toString('hex') };
  }
}

function requireFitting(chosen: ChosenLeaves): void {
  const count = 'from' in chosen ? chosen.to - chosen.from : chosen.length;
  if (count <= exportEventsMax) return;
  const message = `that is more than the ${exportEventsMax} events that a file holds; ask for shorter periods, one after the other`;
  throw refusal('validation_error', message, { details: { field: 'from', events_max: exportEventsMax } });
}

function countEvents(source: AsyncIterable<readonly EventWithGap[]>) {
  let events = 0;
  async function* counting() {
    for await (const batch of source) {
      events += batch.length;
      yield batch;
    }
  }
  return { batches: counting(), events: () => events };
}

async function* asEvents(batches: AsyncIterable<readonly EventWithGap[]>) {
  for await (const batch of batches) yield batch.map(({ row, before }) => toExportEvent(row, before));
}

function reasonOf(error: unknown): string {
  return error instanceof EngineError ? `${error.code}: ${error.message}`.slice(0, 500) : 'internal_error';
}
