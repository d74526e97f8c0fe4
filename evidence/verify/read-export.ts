import { constants } from 'node:buffer';
import { findDoubleMember, parseJson } from '../json-text';
import { parseEventLine } from './event-line';
import { wholeLines } from './whole-lines';

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

/** How far a file that is laid out in lines was read. */
interface Progress {
  line: number;
  hasEnded: boolean;
  /** Whether a comma follows the event before; undefined before the first. */
  hasComma: boolean | undefined;
}

/**
 * Reads an export line by line, and so in little memory. A file of another layout, such as one that was formatted anew,
 * is read whole.
 */
export async function* readExport(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ExportPart> {
  const progress: Progress = { line: 0, hasEnded: false, hasComma: undefined };
  const whole: string[] = [];
  let wholeLength = 0;
  for await (const { text, isRest, message } of wholeLines(chunks)) {
    if (text === undefined) return yield broken(message, progress.line + 1);
    if (progress.line === 0 && (whole.length > 0 || isRest || !beginsInLines(text))) {
      wholeLength += text.length;
      if (wholeLength > constants.MAX_STRING_LENGTH) return yield broken(tooLong);
      whole.push(text);
    } else if (isRest) {
      yield* readRest(text, progress);
    } else {
      yield* readLines(text, progress);
    }
  }
  if (progress.line === 0) yield* readWhole(whole.join(''));
}

function beginsInLines(text: string): boolean {
  return text.slice(0, text.indexOf('\n')).endsWith(headerEnd);
}

function* readLines(text: string, progress: Progress): Generator<ExportPart> {
  const lines = text.split('\n');
  // What stands behind the last line break: nothing.
  lines.pop();
  const values: unknown[] = [];
  for (const each of lines) {
    progress.line += 1;
    const { line, hasEnded, hasComma } = progress;
    if (line === 1) {
      yield headerPart(each);
    } else if (hasEnded) {
      yield broken(behindEnd, line);
    } else if (each.startsWith(endStart)) {
      progress.hasEnded = true;
      yield { kind: 'events', values: values.splice(0) };
      if (hasComma === true) yield broken('ends the events behind a comma, so that this is no JSON', line);
      yield endPart(each, line);
    } else {
      if (hasComma === false) yield broken('does not come behind a comma, so that this is no JSON', line);
      progress.hasComma = each.endsWith(',');
      const event = progress.hasComma ? each.slice(0, -1) : each;
      const { value, double } = parseEventLine(event);
      if (value === undefined) yield broken('is not an event in JSON', line);
      else if (double !== undefined) yield broken(twice(double), line);
      else values.push(value);
    }
  }
  yield { kind: 'events', values };
}

/** What follows on the last line break. */
function* readRest(text: string, { line, hasEnded }: Progress): Generator<ExportPart> {
  if (!hasEnded) {
    const said = text === '' ? 'ends here' : 'breaks off';
    yield { ...broken(`${said}, ${withoutEnd}`, line + 1), check: 'truncated' };
  } else if (text.trim() !== '') {
    yield broken(behindEnd, line + 1);
  }
}

const behindEnd = 'comes behind the end';
const withoutEnd = 'without the end of the file';
const tooLong = 'the file is not laid out in lines, and too long to be read at a stretch';

function twice(member: string): string {
  return `has the member ${JSON.stringify(member.slice(0, 100))} twice: two readers could read two things`;
}

function broken(message: string, line?: number): BrokenPart {
  return { kind: 'broken', check: 'format', message, ...(line !== undefined && { line }) };
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

function* readWhole(text: string): Generator<ExportPart> {
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
