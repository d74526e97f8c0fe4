export const nameLengthMax = 1024;

/** Why a document cannot have this name; undefined when it can. The name is in NFC already. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'the file has no name';
  if (name.length > nameLengthMax) return `the name is longer than ${nameLengthMax} characters`;
  if (/\p{Cc}/u.test(name)) return 'the name holds control characters';
  if (name.includes('\\')) return 'the name holds a backslash; separate folders with /';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'the name is absolute; give it relative to its folder';
  if (name.split('/').includes('..')) return 'the name leads out of its folder';
  return undefined;
}

/** A refused name in a form that can be stored and shown. */
export function showableName(name: string): string {
  return name
    .slice(0, nameLengthMax)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\ufffd');
}
