import { log } from '@temporalio/activity';
import { EngineError } from '../../contracts/errors';
import type { KnownDocument } from '../../operations/knowledge/work-reads';
import { UnreadableDocument } from '../adapters/parser/port';
import type { SourceItem } from '../adapters/source-reader/port';
import type { KnowledgeDependencies } from './dependencies';
import { openItem, type OpenedItem } from './open-item';
import { deadLetter, stored, type StoredItem } from './stored-item';

/** A document of this size or less is read; a larger one is a dead letter. */
export const documentBytesMax = 100 * 1024 * 1024;

export interface StoreItemInput {
  readonly tenantId: string;
  readonly item: SourceItem;
  readonly known: KnownDocument | undefined;
  readonly signal: AbortSignal;
}

/** Stores the bytes and the text of one item. What cannot become text is a dead letter that says why. */
export async function storeItem(
  { objects, parse }: Pick<KnowledgeDependencies, 'objects' | 'parse'>,
  { tenantId, item, known, signal }: StoreItemInput,
): Promise<StoredItem> {
  const base = { name: item.name, bytes: item.bytes, version: null, format: null };
  if (item.bytes > documentBytesMax) return deadLetter(base, 'too_large', 'larger than 100 MB');
  const opened = await openItem(item, known);
  if (opened.outcome !== 'opened') return opened;
  const content = await storeBytes(objects, { tenantId, item, opened, signal });
  if (content instanceof UnreadableDocument) return deadLetter(base, content.code, content.message);

  const document = { ...base, ...opened.validators, version: content.sha256, bytes: content.bytes };
  if (known?.version === content.sha256 && known.textKey !== null) {
    return stored({ ...document, format: known.format, textKey: known.textKey, deadLetter: null });
  }
  try {
    const { contentType } = opened;
    const read = () => objects.get(tenantId, content.sha256);
    const hint = contentType !== undefined && { contentType };
    const { format, text } = await parse({ name: item.name, bytes: content.bytes, read, signal, ...hint });
    const { sha256: textKey } = await objects.put(tenantId, Buffer.from(text), { signal });
    return stored({ ...document, format, textKey, deadLetter: null });
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error;
    if (error.fault) log.error('the reader of a document failed', { version: content.sha256, ...error.fault });
    return deadLetter(document, error.code, error.message);
  }
}

async function storeBytes(
  objects: KnowledgeDependencies['objects'],
  { tenantId, item, opened, signal }: Omit<StoreItemInput, 'known'> & { readonly opened: OpenedItem },
): Promise<{ sha256: string; bytes: number } | UnreadableDocument> {
  if (item.sha256 !== undefined) return { sha256: item.sha256, bytes: item.bytes };
  try {
    return await objects.put(tenantId, await opened.open(), { bytesMax: documentBytesMax, signal });
  } catch (error) {
    if (error instanceof UnreadableDocument) return error;
    if (error instanceof EngineError && error.code === 'invalid_input') {
      return new UnreadableDocument('too_large', 'larger than 100 MB');
    }
    if (isGone(error))
      return new UnreadableDocument('malformed', 'the file could not be opened when it was to be read');
    throw error;
  }
}

// The far side's answer for this one document; a full disk or a broken store of our own is not one.
const goneCodes = new Set(['ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENOTDIR']);

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && goneCodes.has(String(error.code));
}
