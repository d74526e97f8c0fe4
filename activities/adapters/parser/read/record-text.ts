const depthMax = 200;
const pathCharactersMax = 200;

/** Text of one record: its `content`, else its `text`, else every value as a line `path: value`. */
export function recordText(record: unknown): string {
  const chosen = ownText(record, 'content') ?? ownText(record, 'text');
  if (chosen !== undefined) return chosen;
  const lines: string[] = [];
  addLines(lines, '', record, 0);
  return lines.join('\n');
}

function ownText(record: unknown, key: string): string | undefined {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, key)) return undefined;
  const value: unknown = Reflect.get(record, key);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function addLines(lines: string[], path: string, value: unknown, depth: number): void {
  if (value === null || value === undefined || value === '') return;
  if (typeof value !== 'object') {
    lines.push(path === '' ? String(value) : `${path}: ${String(value)}`);
    return;
  }
  if (depth > depthMax) throw new RangeError(`nested deeper than ${depthMax}`);
  const children = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(children)) addLines(lines, joinPath(path, key), children[key], depth + 1);
}

/** Long paths keep their end: a long key over many values would make the text grow with the square of the document. */
function joinPath(path: string, key: string): string {
  const joined = path === '' ? key : `${path}.${key}`;
  return joined.length > pathCharactersMax ? `…${joined.slice(-pathCharactersMax)}` : joined;
}
