import { continuesNumber, isDigit, isWord } from './characters';
import { checksumScore, createFinding, type Finding } from './finding';

const digitsMin = 13;
const digitsMax = 19;
const cardLabel = /\b(?:card|maestro)\b/i;
const labelReach = 40;

/**
 * Card numbers: 13–19 digits with a valid Luhn sum, in one piece or in groups beginning with four digits.
 * Maestro also issues twelve digits; those need a label, or one in ten of any such numbers would count.
 */
export function findCreditCards(text: string): Finding[] {
  const findings: Finding[] = [];
  const groups = /\d{4,}/g;
  for (let match = groups.exec(text); match !== null; match = groups.exec(text)) {
    const end = match[0].length === 4 ? groupedEnd(text, match.index) : soleEnd(text, match.index, match[0]);
    if (end === -1) continue;
    findings.push(createFinding('credit_card', match.index, end, 'card_luhn', checksumScore));
    groups.lastIndex = end;
  }
  return findings;
}

function soleEnd(text: string, start: number, digits: string): number {
  const end = start + digits.length;
  if (digits.length < digitsMin && !isShortMaestro(text, start, digits)) return -1;
  if (digits.length > digitsMax || !standsAlone(text, start, end)) return -1;
  return isLuhnValid(digits) && !isTimestamp(digits) ? end : -1;
}

/** The longest run of groups (4 digits, then 2–7 each, one space or hyphen between) whose digits pass. */
function groupedEnd(text: string, start: number): number {
  let digits = '';
  let end = -1;
  let from = start;
  while (digits.length < digitsMax) {
    let to = from;
    while (to - from < 8 && isDigit(text.charCodeAt(to))) to += 1;
    const length = to - from;
    if (length < 2 || length > 7 || digits.length + length > digitsMax) break;
    digits += text.slice(from, to);
    if (digits.length >= digitsMin && standsAlone(text, start, to) && isLuhnValid(digits)) end = to;
    const separator = text.charCodeAt(to);
    if (separator !== 32 && separator !== 45) break;
    from = to + 1;
  }
  return end;
}

function standsAlone(text: string, start: number, end: number): boolean {
  const isDecimalTail = text.charCodeAt(start - 1) === 46 && continuesNumber(text, start - 1, -1);
  const isDecimalHead = text.charCodeAt(end) === 46 && continuesNumber(text, end, 1);
  return !isWord(text.charCodeAt(start - 1)) && !isWord(text.charCodeAt(end)) && !isDecimalTail && !isDecimalHead;
}

function isShortMaestro(text: string, start: number, digits: string): boolean {
  const hasPrefix = digits.length === 12 && /^(?:50|5[6-8]|6)/.test(digits);
  return hasPrefix && cardLabel.test(text.slice(Math.max(0, start - labelReach), start));
}

/** One number in ten passes Luhn by chance, and logs are full of milli-, micro- and nanoseconds since 1970. */
function isTimestamp(digits: string): boolean {
  return digits.length % 3 === 1 && /^1[4-9]/.test(digits);
}

function isLuhnValid(digits: string): boolean {
  let sum = 0;
  let allSame = true;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    if (digits[index] !== digits[0]) allSame = false;
    const doubled = index % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 && !allSame;
}
