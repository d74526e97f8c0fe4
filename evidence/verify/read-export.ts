import { constants, isAscii, isUtf8 } from 'node:buffer';
import { findDoubleMember, parseJson } from '../json-text';

/** A piece of the file as it is read: JSON values of which nothing is checked yet. */
export type ExportPart =
  | { readonly kind: 'header'; readonly value: unknown }
  | { readonly kind: 'events'; readonly values: readonly unknown[] }
  | { readonly kind: 'end'; readonly value: unknown }
  | BrokenPart;

export interface BrokenPart {
  readonly kind: 'broken';
  /** Truncated where something that belongs to the file is not there. */
  readonly check: 'format' | 'truncated';
  readonly line?: number;
  readonly message: string;
}

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
  let wholeLength = 0;
  // Whether the event before is followed by a comma; undefined before the first.
  let hasComma: boolean | undefined;
  for await (const { text, isEnd, message } of wholeLines(chunks)) {
    if (text === undefined) return yield broken(message, line + 1);
    if (isEnd) {
      rest = text;
      break;
    }
    if (whole !== undefined) {
      wholeLength += text.length;
      if (wholeLength > constants.MAX_STRING_LENGTH) return yield broken(tooLong);
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
        yield broken(behindEnd, line);
      } else if (each.startsWith(endStart)) {
        ended = true;
        yield { kind: 'events', values: values.splice(0) };
        if (hasComma === true) yield broken('ends the events behind a comma, so that this is no JSON', line);
        yield endPart(each, line);
      } else {
        if (hasComma === false) yield broken('does not come behind a comma, so that this is no JSON', line);
        hasComma = each.endsWith(',');
        const text = hasComma ? each.slice(0, -1) : each;
        const value = parseJson(text);
        const double = findDoubleMember(text, value);
        if (value === undefined) yield broken('is not an event in JSON', line);
        else if (double !== undefined) yield broken(twice(double), line);
        else values.push(value);
      }
    }
    yield { kind: 'events', values };
  }
  if (!started) return yield* readWhole([...(whole ?? []), rest]);
  if (!ended) {
    const said = rest === '' ? 'ends here' : 'breaks off';
    yield { ...broken(`${said}, ${withoutEnd}`, line + 1), check: 'truncated' };
  } else if (rest.trim() !== '') {
    yield broken(behindEnd, line + 1);
  }
}

const behindEnd = 'comes behind the end';
const withoutEnd = 'without the end of the file';
const tooLong = 'the file is not laid out in lines, and too long to be read at a stretch';

function twice(member: string): string {
  return `has the member ${JSON.stringify(member)} twice: two readers could read two things`;
}

function broken(message: string, line?: number): BrokenPart {
  return { kind: 'broken', check: 'format', message, ...(line !== undefined && { line }) };
}

interface Lines {
  /** Undefined where the bytes are not UTF-8, or too many. */
  readonly text: string | undefined;
  readonly message: string;
  /** True for what stands behind the last line break. */
  readonly isEnd: boolean;
}

/** The text in pieces that end with a line break, and at last what follows on the last one. */
async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const message = 'is not UTF-8';
  for await (const chunk of chunks) {
    heldLength += chunk.byteLength;
    if (heldLength > constants.MAX_STRING_LENGTH) {
      return yield { text: undefined, isEnd: false, message: 'is too long to be read' };
    }
    const cut = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).lastIndexOf(newline) + 1;
    if (cut === 0) {
      held.push(chunk);
      continue;
    }
    yield { text: decode(Buffer.concat([...held, chunk.subarray(0, cut)])), isEnd: false, message };
    held = [chunk.subarray(cut)];
    heldLength = chunk.byteLength - cut;
  }
  yield { text: decode(Buffer.concat(held)), isEnd: true, message };
}

const newline = 10;

// Nearly all is ASCII, and a string of one-byte characters is made and parsed faster.
function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function headerPart(line: string): ExportPart {
  const text = `${line.slice(0, -headerEnd.length)}}`;
  const value = parseJson(text);
  if (value === undefined) return broken('is not JSON', 1);
  const double = findDoubleMember(text, value);
  return double === undefined ? { kind: 'header', value } : broken(twice(double), 1);
}

function endPart(line: string, number: number): ExportPart {
  const text = line.slice(endStart.length, -1);
  const value = line.endsWith('}') ? parseJson(text) : undefined;
  if (value === undefined) return { ...broken(`breaks off, ${withoutEnd}`, number), check: 'truncated' };
  const double = findDoubleMember(text, value);
  return double === undefined ? { kind: 'end', value } : broken(twice(double), number);
}

function* readWhole(pieces: readonly string[]): Generator<ExportPart> {
  const text = pieces.join('');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) {
    return yield { ...broken('the file is not JSON, or breaks off'), check: 'truncated' };
  }
  const double = findDoubleMember(text, value);
  if (double !== undefined) return yield broken(`the file ${twice(double)}`);
  const { events, end, ...header } = value as Record<string, unknown>;
  yield { kind: 'header', value: header };
  if (!Array.isArray(events)) return yield { ...broken('the file has no events'), check: 'truncated' };
  yield { kind: 'events', values: events as unknown[] };
  if (end === undefined) return yield { ...broken(`the file stands ${withoutEnd}`), check: 'truncated' };
  yield { kind: 'end', value: end };
}
