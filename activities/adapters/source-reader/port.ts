import type { Readable } from 'node:stream';
import type { ReasonCode } from '../../../contracts/errors';

export interface SourceRef {
  readonly tenantId: string;
  readonly planeId: string;
  readonly sourceId: string;
  readonly config: unknown;
}

/** What a far side said about a version, to ask it later whether that is still the one. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What a far side answered about one item. */
export type SourceAnswer =
  | {
      readonly answer: 'content';
      readonly content: Readable;
      /** As the far side names it, with its charset. */
      readonly contentType: string | null;
      readonly validators: Validators;
    }
  /** The version that the validators belong to is still the one. */
  | { readonly answer: 'unchanged' }
  /** It is not there any more. */
  | { readonly answer: 'gone'; readonly reason: string }
  /** It is there and may not or cannot be read; asking again would not help. */
  | { readonly answer: 'refused'; readonly code: string; readonly reason: string }
  /** It could not be read this time, which says nothing about the item. */
  | { readonly answer: 'unavailable'; readonly reason: string };

export interface SourceItem {
  /** Name or path inside the source, unique there and the same on every reading; `/` separates folders. */
  readonly name: string;
  readonly bytes: number;
  /** Set when the object store holds the bytes already (uploads). */
  readonly sha256?: string;
  /** Opens the content; fails when it has gone or cannot be read. */
  open(): Promise<Readable>;
  /** In place of `open` where the far side can say more than its content; `known` belongs to the version we have. */
  ask?(known: Validators | undefined): Promise<SourceAnswer>;
}

export interface SourcePage {
  readonly items: readonly SourceItem[];
  /** Where the next page begins; null after the last one. */
  readonly nextCursor: string | null;
}

/** Reads one kind of source in pages, in a stable order, so that a cursor committed with a page is enough to go on. */
export interface SourceReader {
  /** How much one source may hold, and the word under which a larger one is refused. */
  readonly bounds?: { readonly bytesMax: number; readonly reason: ReasonCode };
  /** Throws an EngineError that says what to mend when the source cannot be reached or may not be read. */
  check(source: SourceRef, options: { readonly signal: AbortSignal }): Promise<void>;
  readPage(
    source: SourceRef,
    options: { readonly cursor: string | null; readonly itemsMax: number; readonly signal: AbortSignal },
  ): Promise<SourcePage>;
}
