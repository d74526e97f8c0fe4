import { isAscii, isUtf8 } from 'node:buffer';

/** A piece of the file as it is read: JSON values of which nothing is checked yet. */
export type ExportPart =
  | { readonly kind: 'header'; readonly value: unknown }
  | { readonly kind: 'events'; readonly values: readonly unknown[] }
  | { readonly kind: 'end'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly line?: number; readonly message: string };

const headerEnd = ',"events":[';
const endStart = '],"end":';

/**
 * Reads an export line by line, and so in little memory. A file of another layout, such as one that was formatted anew,
 * is read whole.
 */
export async function* readExport(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ExportPart> {
  let [line, started, ended] = [0, false, false];
  let whole: string[] | undefined;
  let rest = '';
  for await (const { text, isEnd } of wholeLines(chunks)) {
    if (text === undefined) return yield { kind: 'broken', line: line + 1, message: 'is not UTF-8' };
    if (isEnd) {
      rest = text;
      break;
    }
    if (whole !== undefined) {
      whole.push(text);
      continue;
    }
    const lines = text.split('\n');
    // What stands behind the last line break: nothing.
    lines.pop();
    if (!started) {
      const first = lines[0] as string;
      if (!first.endsWith(headerEnd)) {
        whole = [text];
        continue;
      }
      started = true;
      line = 1;
      lines.shift();
      yield headerPart(first);
    }
    const values: unknown[] = [];
    for (const each of lines) {
      line += 1;
      if (ended) {
        yield { kind: 'broken', line, message: 'comes behind the end' };
      } else if (each.startsWith(endStart)) {
        ended = true;
        yield { kind: 'events', values: values.splice(0) };
        yield endPart(each, line);
      } else {
        const value = parseLine(each);
        if (value === undefined) yield { kind: 'broken', line, message: 'is not an event in JSON' };
        else values.push(value);
      }
    }
    yield { kind: 'events', values };
  }
  if (!started) return yield* readWhole([...(whole ?? []), rest]);
  if (!ended) {
    const said = rest === '' ? 'ends here' : 'breaks off';
    yield { kind: 'broken', line: line + 1, message: `${said}, without the end of the file` };
  } else if (rest.trim() !== '') {
    yield { kind: 'broken', line: line + 1, message: 'comes behind the end' };
  }
}

interface Lines {
  /** Undefined where the bytes are not UTF-8. */
  readonly text: string | undefined;
  /** True for what stands behind the last line break. */
  readonly isEnd: boolean;
}

/** The text in pieces that end with a line break, and at last what follows on the last one. */
async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let held: Uint8Array[] = [];
  for await (const chunk of chunks) {
    const cut = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).lastIndexOf(newline) + 1;
    if (cut === 0) {
      held.push(chunk);
      continue;
    }
    yield { text: decode(Buffer.concat([...held, chunk.subarray(0, cut)])), isEnd: false };
    held = [chunk.subarray(cut)];
  }
  yield { text: decode(Buffer.concat(held)), isEnd: true };
}

const newline = 10;

// Nearly all is ASCII, and a string of one-byte characters is made and parsed faster.
function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function headerPart(line: string): ExportPart {
  const value = parse(`${line.slice(0, -headerEnd.length)}}`);
  return value === undefined ? { kind: 'broken', line: 1, message: 'is not JSON' } : { kind: 'header', value };
}

function endPart(line: string, number: number): ExportPart {
  const value = line.endsWith('}') ? parse(line.slice(endStart.length, -1)) : undefined;
  return value === undefined
    ? { kind: 'broken', line: number, message: 'breaks off, without the end of the file' }
    : { kind: 'end', value };
}

function parseLine(line: string): unknown {
  return parse(line.endsWith(',') ? line.slice(0, -1) : line);
}

function* readWhole(pieces: readonly string[]): Generator<ExportPart> {
  const value = parse(pieces.join(''));
  if (typeof value !== 'object' || value === null) {
    return yield { kind: 'broken', message: 'the file is not JSON, or breaks off' };
  }
  const { events, end, ...header } = value as Record<string, unknown>;
  yield { kind: 'header', value: header };
  if (!Array.isArray(events)) return yield { kind: 'broken', message: 'the file has no events' };
  yield { kind: 'events', values: events as unknown[] };
  yield { kind: 'end', value: end };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
