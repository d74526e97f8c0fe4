import type { IngestedItem, KeptItem } from '../../operations/knowledge/ingest';

/** What has become of an item: a document, one that keeps its last version for now, or nothing, since it has gone. */
export type StoredItem =
  | { readonly outcome: 'document'; readonly document: IngestedItem }
  | { readonly outcome: 'kept'; readonly kept: KeptItem }
  | { readonly outcome: 'gone' };

const reasonMax = 1000;

export function stored(document: IngestedItem): StoredItem {
  return { outcome: 'document', document };
}

export function kept({ name, reason }: KeptItem): StoredItem {
  return { outcome: 'kept', kept: { name, reason: reason.slice(0, reasonMax).toWellFormed() } };
}

export function deadLetter(
  item: Omit<IngestedItem, 'deadLetter' | 'textKey'>,
  code: string,
  reason: string,
): StoredItem {
  const deadLetter = { code, reason: reason.slice(0, reasonMax).toWellFormed() };
  return stored({ ...item, textKey: null, deadLetter });
}
