/** True for `0`–`9`; false past the end of the text (NaN). */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** True for ASCII letters. */
export function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

/** Letters, digits and underscore, as `\w`. */
export function isWord(code: number): boolean {
  return isAlphanumeric(code) || code === 95;
}

/** True when the character at `index` and its neighbour away from `index` continue a number: `-5`, `.5`, `/5`. */
export function continuesNumber(text: string, index: number, step: 1 | -1): boolean {
  const code = text.charCodeAt(index);
  return (code === 45 || code === 46 || code === 47) && isDigit(text.charCodeAt(index + step));
}
