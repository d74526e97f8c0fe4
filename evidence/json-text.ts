/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The name of a member that one object of the JSON text has twice, if any. Of the two a parser takes one in silence, and
 * the next parser the other (RFC 8259 §4): such a file says different things to different readers.
 */
export function findDoubleMember(text: string, value: unknown): string | undefined {
  // Each member has its colon: where there are no more of these than members in the value, none was dropped.
  if (typeof value !== 'object' || value === null || !hasMoreColons(text, Object.keys(value).length)) return undefined;
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    if (character !== '"') continue;
    const end = endOfString(text, at);
    const names = open.at(-1);
    if (names !== undefined && isBeforeColon(text, end)) {
      const name = JSON.parse(text.slice(at, end)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
    at = end - 1;
  }
  return undefined;
}

function hasMoreColons(text: string, max: number): boolean {
  let [found, at] = [0, text.indexOf(':')];
  while (at !== -1 && found <= max) {
    found += 1;
    at = text.indexOf(':', at + 1);
  }
  return found > max;
}

/** Behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return text[at] === ':';
}
