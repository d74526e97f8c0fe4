export type DocumentFormat = 'markdown' | 'html' | 'text' | 'csv' | 'json' | 'jsonl';

export interface ParsedDocument {
  readonly format: DocumentFormat;
  /** Plain text for indexing and classification; well-formed Unicode without NUL. */
  readonly text: string;
}

/** Why a document cannot become text; it goes to the dead letters with this reason. */
export type UnreadableCode = 'empty' | 'unknown_format' | 'malformed' | 'not_text' | 'too_large';

export class UnreadableDocument extends Error {
  constructor(
    readonly code: UnreadableCode,
    message: string,
  ) {
    super(message);
    this.name = 'UnreadableDocument';
  }
}

/** Decides the format by extension, then by content, and extracts the text; throws `UnreadableDocument`. */
export type ParseDocument = (document: { readonly name: string; readonly bytes: Buffer }) => Promise<ParsedDocument>;
