import { TextDecoder } from 'node:util';

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
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let [rest, line, started, ended, whole] = ['', 0, false, false, undefined as string[] | undefined];
  for await (const text of decoded(chunks, decoder)) {
    if (text === undefined) return yield { kind: 'broken', line: line + 1, message: 'is not UTF-8' };
    if (whole !== undefined) {
      whole.push(text);
      continue;
    }
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    if (lines.length === 0) continue;
    if (!started) {
      const first = lines.shift() as string;
      if (!first.endsWith(headerEnd)) {
        whole = [first, '\n', ...lines.map((each) => `${each}\n`), rest];
        continue;
      }
      started = true;
      line = 1;
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
  if (!started) return yield* readWhole([...(whole ?? []), ...(whole === undefined ? [rest] : [])]);
  if (!ended) {
    const said = rest === '' ? 'ends here' : 'breaks off';
    yield { kind: 'broken', line: line + 1, message: `${said}, without the end of the file` };
  } else if (rest.trim() !== '') {
    yield { kind: 'broken', line: line + 1, message: 'comes behind the end' };
  }
}

async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  decoder: TextDecoder,
): AsyncGenerator<string | undefined, void> {
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    yield undefined;
  }
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
