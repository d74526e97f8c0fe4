import type { Readable } from 'node:stream';
import type { IngestedItem } from '../../operations/knowledge/ingest';
import type { KnownDocument } from '../../operations/knowledge/work-reads';
import type { SourceItem, Validators } from '../adapters/source-reader/port';
import { deadLetter, kept, stored, type StoredItem } from './stored-item';

export interface OpenedItem {
  readonly outcome: 'opened';
  open(): Promise<Readable>;
  readonly contentType?: string;
  readonly validators?: Validators;
}

/** The content of an item, or what becomes of it where its source answers with less. */
export async function openItem(item: SourceItem, known: KnownDocument | undefined): Promise<OpenedItem | StoredItem> {
  if (item.ask === undefined) return { outcome: 'opened', open: () => item.open() };
  const { name } = item;
  const held = heldVersion(known);
  const answer = await item.ask(held);
  switch (answer.answer) {
    case 'content': {
      const { content, contentType, validators } = answer;
      return { outcome: 'opened', open: async () => content, validators, ...(contentType !== null && { contentType }) };
    }
    case 'unchanged':
      return held === undefined ? unread(name, 'malformed', 'unchanged, though nothing was known of it') : stored(held);
    case 'gone':
      return isListedInVain(known) ? unread(name, 'gone', answer.reason) : { outcome: 'gone' };
    case 'refused':
      return unread(name, answer.code, answer.reason);
    case 'unavailable':
      return held === undefined ? unread(name, 'unavailable', answer.reason) : kept({ name, reason: answer.reason });
  }
}

/** The version that we hold in full, and may therefore ask about, or stay with. */
function heldVersion(known: KnownDocument | undefined): (IngestedItem & Validators) | undefined {
  if (known === undefined || known.version === null || known.textKey === null) return undefined;
  const { status: _status, ...document } = known;
  return { ...document, deadLetter: null };
}

// What was never there is shown to whoever listed it; what was there and has gone is pruned.
function isListedInVain(known: KnownDocument | undefined): boolean {
  return known === undefined || known.status === 'dead_letter';
}

function unread(name: string, code: string, reason: string): StoredItem {
  return deadLetter({ name, bytes: 0, version: null, format: null }, code, reason);
}
