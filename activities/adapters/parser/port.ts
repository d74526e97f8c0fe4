export type DocumentFormat =
  'markdown' | 'html' | 'text' | 'csv' | 'json' | 'jsonl' | 'pdf' | 'docx' | 'xlsx' | 'pptx' | 'eml';

export interface ParsedDocument {
  readonly format: DocumentFormat;
  /**
   * Plain text for indexing and classification; well-formed Unicode without NUL. A form feed stands between two pages
   * (slides, sheets) of a format that has them, so the page of an offset is the number of form feeds before it plus one.
   */
  readonly text: string;
}

/** Why a document cannot become text; it goes to the dead letters with this reason. */
export type UnreadableCode =
  'empty' | 'unknown_format' | 'malformed' | 'not_text' | 'too_large' | 'too_slow' | 'encrypted' | 'scanned';

/** A mistake in our code or a library's, without its message, which may quote the content. */
export interface ReaderFault {
  readonly error: string;
  readonly stack: string;
}

export class UnreadableDocument extends Error {
  constructor(
    readonly code: UnreadableCode,
    message: string,
    /** Set when the document may be sound and its reader is not. */
    readonly fault?: ReaderFault,
  ) {
    super(message);
    this.name = 'UnreadableDocument';
  }
}

export interface DocumentToParse {
  readonly name: string;
  /** Its size, when it is known before it is read; a short one does not wait for long ones. */
  readonly bytes?: number;
  /** Called when its turn has come, and again after a crash: the buffer it returned last is the parser's. */
  read(): Promise<Buffer>;
  readonly signal?: AbortSignal;
  /** As the far side named it, with its charset; a hint, and not always a true one. */
  readonly contentType?: string;
}

/**
 * Decides the format by content and name, and extracts the text. Fails as `UnreadableDocument`, as `service_unavailable`
 * when nothing can be parsed here, and with the signal's reason when aborted.
 */
export type ParseDocument = (document: DocumentToParse) => Promise<ParsedDocument>;

/** One per process; `close` ends its threads. */
export interface DocumentParser {
  readonly parse: ParseDocument;
  close(): Promise<void>;
}
