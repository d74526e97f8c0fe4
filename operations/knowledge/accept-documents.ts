import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { uploadStates } from '../../contracts/knowledge';
import { DocumentId, PlaneId, Sha256, SourceId } from '../../contracts/knowledge-schemas';
import { rawText } from '../../contracts/text';
import { defineOperation, type Bound, type Work } from '../define';
import { newId } from '../ids';
import { digestOf } from '../transaction/canonical';
import { lockPlane, stateOf, type PlaneRow } from './rows';
import { startJob } from './start-job';

const AcceptedFile = z.strictObject({ name: rawText(1024), sha256: Sha256, bytes: z.int().min(0) });
const RejectedFile = z.strictObject({ name: rawText(1024), reason: z.string().max(500) });

/** Takes uploaded files, whose bytes the object store holds already, into an upload source of the plane. */
export const acceptDocuments = defineOperation({
  name: 'knowledge.documents.accept',
  permission: 'write:planes',
  params: z.strictObject({
    planeId: PlaneId,
    sourceId: SourceId.optional(),
    files: z.array(AcceptedFile).max(1000),
    rejected: z.array(RejectedFile).max(1000),
  }),
  fence: 'fenced',
  capability: 'knowledge.documents',
  begins: 'work',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId }) {
    const plane = await lockPlane(work, planeId);
    const sources = await work.tx
      .selectFrom('knowledge_sources')
      .select('source_id')
      .where('plane_id', '=', planeId)
      .where('source_type', '=', 'upload')
      .orderBy('position')
      .execute();
    return { plane, uploadSources: sources.map(({ source_id }) => source_id) };
  },

  async handle(work, { params, facts: { plane, uploadSources } }) {
    requireUploadState(plane);
    const sourceId = chooseSource(uploadSources, params.sourceId);
    const accepted =
      params.files.length === 0 ? [] : await upsertPending(work, { plane, sourceId, files: params.files });
    work.audit({
      type: 'DocumentsAccepted',
      outcome: 'success',
      planeId: plane.plane_id,
      resource: { type: 'source', id: sourceId },
      evidence: {
        source_id: sourceId,
        accepted: accepted.length,
        rejected: params.rejected.length,
        content_hash: digestOf(params.files.map(({ name, sha256 }) => [name, sha256])),
      },
    });
    const jobId = accepted.length > 0 ? await syncWhenActive(work, plane) : null;
    return { accepted, rejected: params.rejected, jobId };
  },
});

export function requireUploadState(plane: PlaneRow): void {
  const state = stateOf(plane);
  if (uploadStates.includes(state)) return;
  throw refusal('INVALID_STATE', `documents change in ${uploadStates.join(', ')} only; the plane is ${state}`, {
    details: { state },
  });
}

function chooseSource(uploadSources: readonly string[], named: string | undefined): string {
  if (named !== undefined) {
    if (uploadSources.includes(named)) return named;
    throw refusal('NOT_FOUND', 'the plane has no upload source of this id', { details: { field: 'source_id' } });
  }
  const [only, ...others] = uploadSources;
  if (only === undefined) throw refusal('INVALID_STATE', 'the plane has no upload source');
  if (others.length === 0) return only;
  throw refusal('validation_error', 'the plane has several upload sources: name one in the field source_id', {
    details: { field: 'source_id', source_ids: uploadSources },
  });
}

interface PendingInput {
  readonly plane: PlaneRow;
  readonly sourceId: string;
  readonly files: readonly z.infer<typeof AcceptedFile>[];
}

async function upsertPending({ tx, context }: Bound, { plane, sourceId, files }: PendingInput) {
  const json = JSON.stringify(files.map((file) => ({ ...file, documentId: newId('doc_') })));
  const { rows } = await sql<{ documentId: string; name: string; version: string }>`
    insert into knowledge_documents as d (document_id, plane_id, source_id, tenant_id, name, status, version, bytes)
    select f->>'documentId', ${plane.plane_id}, ${sourceId}, ${context.tenantId}, f->>'name', 'pending', f->>'sha256',
      (f->>'bytes')::bigint
    from jsonb_array_elements(${json}::jsonb) f
    on conflict (source_id, name) do update set status = 'pending', deleted_at = null, version = excluded.version,
      text_key = case when d.version = excluded.version then d.text_key end,
      bytes = excluded.bytes, dead_letter_code = null, dead_letter_reason = null, updated_at = now()
    returning d.document_id as "documentId", d.name, d.version`.execute(tx);
  return rows;
}

/** On an ACTIVE plane a change is taken up by a job; while one is at work the change waits for the next. */
async function syncWhenActive(work: Work, plane: PlaneRow): Promise<string | null> {
  if (stateOf(plane) !== 'ACTIVE' || plane.active_job_id !== null) return plane.active_job_id;
  return startJob(work, { plane, kind: 'sync_documents' });
}

/** Deletes a document: it is not found any more at once, and a job removes it from the index. */
export const deleteDocument = defineOperation({
  name: 'knowledge.documents.delete',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, documentId: DocumentId }),
  fence: 'fenced',
  capability: 'knowledge.documents',
  begins: 'work',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId, documentId }) {
    const plane = await lockPlane(work, planeId);
    const document = await work.tx
      .selectFrom('knowledge_documents')
      .select(['document_id', 'status'])
      .where('plane_id', '=', planeId)
      .where('document_id', '=', documentId)
      .forUpdate()
      .executeTakeFirst();
    return { plane, document };
  },

  async handle(work, { params: { planeId, documentId }, facts: { plane, document } }) {
    if (document === undefined || document.status === 'deleted') {
      throw refusal('NOT_FOUND', 'the plane has no such document');
    }
    requireUploadState(plane);
    await work.tx
      .updateTable('knowledge_documents')
      .set({ status: 'deleted', deleted_at: new Date(), updated_at: new Date() })
      .where('document_id', '=', documentId)
      .execute();
    const auditEventId = work.audit({
      type: 'DocumentDeleted',
      outcome: 'success',
      planeId,
      resource: { type: 'document', id: documentId },
      evidence: { document_id: documentId },
    });
    return { documentId, jobId: await syncWhenActive(work, plane), auditEventId };
  },
});
