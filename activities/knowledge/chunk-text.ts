export interface TextChunk {
  readonly index: number;
  /** Offsets into the text, in UTF-16 units; `end` is exclusive and `text` is exactly what lies between. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ChunkOptions {
  /** Longest chunk, in UTF-16 units. */
  readonly size?: number;
  /** What a chunk repeats of the one before, at most; `size - 2` is the limit. */
  readonly overlap?: number;
}

/**
 * Cuts a text into overlapping chunks that cover all of it, preferably after a paragraph, a sentence or a word.
 * Never splits a surrogate pair; chunks of white space only are left out.
 */
export function chunkText(text: string, { size = 512, overlap = 50 }: ChunkOptions = {}): TextChunk[] {
  // Two characters more than the overlap, so that every chunk moves on, even by a surrogate pair.
  if (!(overlap >= 0 && overlap <= size - 2)) throw new RangeError('overlap must be between 0 and size - 2');
  const chunks: TextChunk[] = [];
  for (let start = 0; start < text.length;) {
    const end = chunkEnd(text, start, size, overlap);
    const part = text.slice(start, end);
    if (part.trim() !== '') chunks.push({ index: chunks.length, start, end, text: part });
    if (end === text.length) break;
    start = nextStart(text, start, end, overlap);
  }
  return chunks;
}

function chunkEnd(text: string, start: number, size: number, overlap: number): number {
  const limit = start + size;
  if (limit >= text.length) return text.length;
  // Breaks are looked for in the last third, and beyond the overlap, so that every chunk moves on.
  const from = Math.max(start + Math.ceil((size * 2) / 3), start + overlap + 1);
  const window = text.slice(from, limit);
  const found = lastBreak(window, /\n[^\S\n]*\n\s*/g) ?? lastBreak(window, /[.!?。！？]["')\]]?\s+|\n/g);
  const length = found ?? lastBreak(window, /\s+/g);
  return length === undefined ? withoutSplitPair(text, limit) : from + length;
}

/** End of the last match, or undefined. */
function lastBreak(window: string, separator: RegExp): number | undefined {
  let end: number | undefined;
  for (const match of window.matchAll(separator)) end = match.index + match[0].length;
  return end;
}

function nextStart(text: string, start: number, end: number, overlap: number): number {
  const wanted = end - overlap;
  const earliest = withoutSplitPair(text, wanted) === wanted ? wanted : wanted + 1;
  if (earliest <= start) return end;
  const space = text.slice(earliest, end).search(/\s\S/);
  return space === -1 ? earliest : earliest + space + 1;
}

/** The offset, or the one before when it lies inside a surrogate pair. */
function withoutSplitPair(text: string, offset: number): number {
  const isSplit = isSurrogate(text, offset - 1, 0xd800) && isSurrogate(text, offset, 0xdc00);
  return isSplit ? offset - 1 : offset;
}

function isSurrogate(text: string, index: number, base: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === base;
}
