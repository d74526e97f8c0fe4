/**
 * Turns a glob over relative paths into a test: `*` and `?` stay within one folder, `**` crosses folders
 * (`docs/**` everything below, `**\/*.md` at any depth, the top included). Anything else is literal.
 */
export function matchesGlob(pattern: string): (name: string) => boolean {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  return (name) => matchParts(parts, name.split('/'));
}

/** Both walks remember the last star only, so that time is bounded by pattern × name, never exponential. */
function matchParts(pattern: readonly string[], names: readonly string[]): boolean {
  return walk(pattern.length, names.length, {
    isStar: (index) => pattern[index] === '**',
    matches: (index, at) => matchName(pattern[index] ?? '', names[at] ?? ''),
  });
}

function matchName(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const given = [...name];
  return walk(wanted.length, given.length, {
    isStar: (index) => wanted[index] === '*',
    matches: (index, at) => wanted[index] === '?' || wanted[index] === given[at],
  });
}

function walk(
  patternLength: number,
  length: number,
  step: { isStar(index: number): boolean; matches(index: number, at: number): boolean },
): boolean {
  let index = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < length) {
    if (index < patternLength && step.isStar(index)) {
      star = index++;
      starAt = at;
    } else if (index < patternLength && step.matches(index, at)) {
      index += 1;
      at += 1;
    } else if (star !== -1) {
      index = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (index < patternLength && step.isStar(index)) index += 1;
  return index === patternLength;
}
