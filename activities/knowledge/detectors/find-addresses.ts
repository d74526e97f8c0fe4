import { isDigit, isLetter, isWord } from './characters';
import { createFinding, type Finding, hintScore, weakScore } from './finding';
import {
  afterNumber,
  kindFirst,
  notStreetEnd,
  placeAfter,
  streetAfterKind,
  streetWord,
  streetWordEnd,
  unitAfter,
} from './street-shapes';

const streetLengthMax = 64;
const endingLength = 10;
const numbers = /\d{1,6}/g;
const boxes = /(?:P\.? ?O\.? ?Box|Postfach|Apartado|Casilla|Boîte postale) \d{1,6}(?!\w)/g;
const military = /(?:APO|FPO|DPO),? A[AEP] \d{5}(?!\d)/g;

/**
 * Postal addresses of some countries' shapes: street and house number, with what follows of unit, postcode and city.
 * They count for no level: most addresses in documents are those of companies.
 */
export function findAddresses(text: string): Finding[] {
  const findings: Finding[] = [];
  numbers.lastIndex = 0;
  for (let match = numbers.exec(text); match !== null; match = numbers.exec(text)) {
    const from = match.index;
    const street = isHouseNumber(text, from, numbers.lastIndex) ? streetAt(text, from, numbers.lastIndex) : null;
    if (street === null) {
      // A long run of digits is passed at once.
      while (isDigit(text.charCodeAt(numbers.lastIndex))) numbers.lastIndex += 1;
      continue;
    }
    const place = placeEnd(text, street.end);
    if (place === street.end && isYear(match[0])) continue;
    const isWhole = place > street.end;
    const rule = isWhole ? 'address_with_place' : 'address_street';
    findings.push(createFinding('address', street.start, place, rule, isWhole ? hintScore : weakScore));
    numbers.lastIndex = place;
  }
  for (const [rule, shape] of [
    ['address_box', boxes],
    ['address_military', military],
  ] as const) {
    for (const { index, 0: value } of text.matchAll(shape)) {
      findings.push(createFinding('address', index, index + value.length, rule, weakScore));
    }
  }
  return findings;
}

function isHouseNumber(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  if (isWord(before) || (/[-.,/:]/.test(text[start - 1] ?? '') && isDigit(text.charCodeAt(start - 2)))) return false;
  return !isDigit(text.charCodeAt(end));
}

interface Street {
  readonly start: number;
  readonly end: number;
}

function streetAt(text: string, start: number, end: number): Street | null {
  if (couldFollow(text, end)) {
    afterNumber.lastIndex = end;
    if (afterNumber.test(text)) return { start, end: afterNumber.lastIndex };
  }
  if (text[start - 1] !== ' ' || !isTextual(text.charCodeAt(start - 2))) return null;
  const mark = /[,.]/.test(text[start - 2] ?? '') ? 2 : 1;
  const before = text.slice(Math.max(0, start - streetLengthMax), start - mark);
  const at = streetStart(before);
  if (at === -1) return null;
  const letterAfter = isLetter(text.charCodeAt(end)) ? 1 : 0;
  if (isWord(text.charCodeAt(end + letterAfter))) return null;
  return { start: Math.max(0, start - streetLengthMax) + at, end: end + letterAfter };
}

function streetStart(before: string): number {
  const ending = before.slice(-endingLength);
  if (streetWordEnd.test(ending) && !notStreetEnd.test(ending)) {
    const found = streetWord.exec(before);
    if (found !== null) return found.index;
  }
  return kindFirst.test(before) ? (streetAfterKind.exec(before)?.index ?? -1) : -1;
}

/** Spares most numbers the full look: a street's name begins with a capital, or with its kind in small letters. */
function couldFollow(text: string, end: number): boolean {
  let at = end;
  while (at < end + 4 && /[ ,]/.test(text[at] ?? '')) at += 1;
  const code = text.charCodeAt(at);
  return code >= 192 || (code >= 65 && code <= 90) || (at > end ? /[raebpciqt]/.test(text[at] ?? '') : isLetter(code));
}

function isTextual(code: number): boolean {
  return isLetter(code) || code >= 192 || code === 44 || code === 46;
}

function placeEnd(text: string, end: number): number {
  unitAfter.lastIndex = end;
  const from = unitAfter.test(text) ? unitAfter.lastIndex : end;
  placeAfter.lastIndex = from;
  return placeAfter.test(text) ? placeAfter.lastIndex : from;
}

/** "In 2019 Wall Street" is no address. */
function isYear(digits: string): boolean {
  return /^(?:19|20)\d\d$/.test(digits);
}
