import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { ExportFormat, ExportSelection } from '../../contracts/exports';
import { Sha256 } from '../../contracts/knowledge-schemas';
import { identifier } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { newId } from '../ids';

const writingMsMax = 15 * 60_000;
const Count = z.int().min(0);

/** Opens an export: the same key and question name the same export, also when it could not be written at first. */
export const beginExport = defineOperation({
  name: 'evidence.exports.begin',
  permission: 'export:audit',
  params: z.strictObject({ format: ExportFormat, selection: ExportSelection, checkpointSizes: z.array(Count) }),
  fence: 'export-of-evidence',
  loadFacts: async () => ({}),
  async handle(work) {
    const exportId = newId('exp_', 12);
    const deadline = new Date(Date.now() + writingMsMax);
    work.intend({ intentId: exportId, subject: `evidence_export:${exportId}`, phase: 'write', deadline });
    return { exportId };
  },
});

/** Records a written export. Its file is handed out only after this. */
export const completeExport = defineOperation({
  name: 'evidence.exports.complete',
  permission: 'export:audit',
  params: z.strictObject({
    exportId: identifier,
    format: ExportFormat,
    selection: ExportSelection,
    treeSize: Count,
    rootHash: Sha256,
    events: Count,
    bytes: Count,
    sha256: Sha256,
  }),
  fence: 'export-of-evidence',
  answer: 'fresh',

  loadFacts: (work, { exportId }) => readIntent(work, exportId),

  async handle(work, { params, facts }) {
    if (!facts.isOpened) throw refusal('NOT_FOUND', 'there is no such export');
    requireUnwritten(facts);
    const { exportId, format, selection, events, bytes, sha256 } = params;
    await work.tx
      .insertInto('evidence_exports')
      .values({
        export_id: exportId,
        tenant_id: work.context.tenantId,
        format,
        selection: JSON.stringify(selection),
        tree_size: String(params.treeSize),
        root_hash: params.rootHash,
        events: String(events),
        bytes: String(bytes),
        sha256,
        created_by: work.context.actor.id,
      })
      .execute();
    work.settle({ intentId: exportId, outcome: 'succeeded', first: !facts.isSettled });
    work.audit({
      type: 'ExportCreated',
      outcome: 'success',
      resource: { type: 'evidence_export', id: exportId },
      ...(selection.type === 'plane' && { planeId: selection.plane_id }),
      evidence: {
        export_id: exportId,
        format,
        selection,
        tree_size: params.treeSize,
        root_hash: params.rootHash,
        events,
        bytes,
        sha256,
      },
    });
    return { exportId };
  },
});

/** Records that an export was not written: nothing was handed out. Refused when another caller has written it. */
export const failExport = defineOperation({
  name: 'evidence.exports.fail',
  permission: 'export:audit',
  params: z.strictObject({ exportId: identifier, reason: z.string().max(500) }),
  fence: 'export-of-evidence',
  answer: 'fresh',
  loadFacts: (work, { exportId }) => readIntent(work, exportId),
  async handle(work, { params: { exportId, reason }, facts }) {
    if (!facts.isOpened) throw refusal('NOT_FOUND', 'there is no such export');
    requireUnwritten(facts);
    if (!facts.isSettled) work.settle({ intentId: exportId, outcome: 'failed', first: true, reason });
    work.audit({
      type: 'ExportFailed',
      outcome: 'failure',
      resource: { type: 'evidence_export', id: exportId },
      evidence: { export_id: exportId, reason },
    });
    return { exportId };
  },
});

interface IntentFacts {
  readonly isOpened: boolean;
  readonly isSettled: boolean;
  readonly isWritten: boolean;
}

async function readIntent({ tx }: Bound, exportId: string): Promise<IntentFacts> {
  const { rows } = await sql<{ settled: boolean; written: boolean }>`
    select exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first) as settled,
      exists (select from evidence_exports e where e.export_id = i.intent_id) as written
    from effect_intents i where i.intent_id = ${exportId}`.execute(tx);
  return { isOpened: rows.length > 0, isSettled: rows[0]?.settled === true, isWritten: rows[0]?.written === true };
}

function requireUnwritten({ isWritten }: IntentFacts): void {
  if (isWritten) throw refusal('CONFLICT', 'this export has been written meanwhile; read it');
}
