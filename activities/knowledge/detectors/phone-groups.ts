import { isDigit } from './characters';

/** Digit groups of a number that may be a phone number, with what stands between them. */
export interface PhoneGroups {
  /** Begins at `+`, `(` or the first digit. */
  readonly start: number;
  readonly plus: boolean;
  /** The first group stands in parentheses. */
  readonly parenthesised: boolean;
  readonly groups: readonly { readonly start: number; readonly end: number; readonly separator: string }[];
}

const groupsMax = 8;
const digitsMax = 20;
const separators = new Set([' ', '-', '.', '/', '(', ')', '\u00a0', '\u2011', '\u2013']);

/** Reads up to eight groups of digits from the first digit at `digit`; bounded, whatever follows. */
export function readPhoneGroups(text: string, digit: number): PhoneGroups {
  let start = digit;
  const parenthesised = text[start - 1] === '(';
  if (parenthesised) start -= 1;
  const plusAt = text[start - 1] === ' ' ? start - 2 : start - 1;
  const plus = text[plusAt] === '+' || text[plusAt] === '\uff0b';
  const groups: { start: number; end: number; separator: string }[] = [];
  let total = 0;
  for (let from = digit, separator = ''; groups.length < groupsMax && total < digitsMax;) {
    let to = from;
    while (to - from < digitsMax && isDigit(text.charCodeAt(to))) to += 1;
    groups.push({ start: from, end: to, separator });
    total += to - from;
    let next = to;
    while (next - to < 3 && separators.has(text[next] ?? '')) next += 1;
    if (next === to || !isDigit(text.charCodeAt(next))) break;
    separator = text.slice(to, next);
    if (separator.includes('  ')) break;
    from = next;
  }
  return { start: plus ? plusAt : start, plus, parenthesised, groups };
}
