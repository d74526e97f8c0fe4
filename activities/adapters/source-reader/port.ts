import type { Readable } from 'node:stream';

export interface SourceRef {
  readonly tenantId: string;
  readonly planeId: string;
  readonly sourceId: string;
  readonly config: unknown;
}

export interface SourceItem {
  /** Name or path inside the source, unique there and the same on every reading; `/` separates folders. */
  readonly name: string;
  readonly bytes: number;
  /** Set when the object store holds the bytes already (uploads). */
  readonly sha256?: string;
  /** Opens the content; fails when it has gone or cannot be read. */
  open(): Promise<Readable>;
}

export interface SourcePage {
  readonly items: readonly SourceItem[];
  /** Where the next page begins; null after the last one. */
  readonly nextCursor: string | null;
}

/** Reads one kind of source in pages, in a stable order, so that a cursor committed with a page is enough to go on. */
export interface SourceReader {
  /** Throws an EngineError that says what to mend when the source cannot be reached or may not be read. */
  check(source: SourceRef, options: { readonly signal: AbortSignal }): Promise<void>;
  readPage(
    source: SourceRef,
    options: { readonly cursor: string | null; readonly itemsMax: number; readonly signal: AbortSignal },
  ): Promise<SourcePage>;
}
