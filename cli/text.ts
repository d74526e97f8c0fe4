/** Text from elsewhere without the control characters by which it could drive the reader's terminal. */
export function printable(value: unknown): string {
  return asText(value)
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
}

/** As `printable`, of a text whose lines stay. */
export function printableLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .trimEnd();
}

/** `2026-03-01T10:00:00.123Z` as `2026-03-01 10:00:00Z`; whatever is no such time stays as it is. */
export function shortTime(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2Z');
}

/** `1 plane`, `2 planes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : plural(noun)}`;
}

/** The plural of the regular nouns that we use. */
export function plural(noun: string): string {
  if (noun.endsWith('y')) return `${noun.slice(0, -1)}ies`;
  return noun.endsWith('ch') ? `${noun}es` : `${noun}s`;
}

/** A word quoted so that a shell takes it as it is. */
export function shellWord(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function asText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(asText).join(', ');
  if (typeof value === 'object') {
    if (Object.keys(value).length === 0) return '–';
    return Object.entries(value)
      .map(([key, inner]) => `${key}=${asText(inner)}`)
      .join(' ');
  }
  return String(value);
}
