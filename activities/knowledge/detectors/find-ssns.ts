import { continuesNumber, isWord } from './characters';
import { createFinding, type Finding, patternScore, weakScore } from './finding';

const label = /\bssn\b|social[ -]security|\bsocial\b/i;
const labelReach = 40;

/**
 * United States social security numbers, impossible ones left out.
 * Nine digits in one piece are any number at all: without a label near by they are reported with a weak score.
 */
export function findSsns(text: string): Finding[] {
  const findings: Finding[] = [];
  const shapes = /\d{3}([-. \u2013]?)\d{2}\1\d{4}/g;
  for (let match = shapes.exec(text); match !== null; match = shapes.exec(text)) {
    const [value, separator] = match;
    const start = match.index;
    const end = start + value.length;
    const apart = !isWord(text.charCodeAt(start - 1)) && !continuesNumber(text, start - 1, -1);
    if (!apart || isWord(text.charCodeAt(end)) || continuesNumber(text, end, 1) || !isPossible(value)) {
      // A long run of digits is passed at once, instead of being tried from each of its digits.
      shapes.lastIndex = digitsEnd(text, start, end);
      continue;
    }
    const strong = separator !== '' || label.test(text.slice(Math.max(0, start - labelReach), start));
    const rule = separator !== '' ? 'ssn_separated' : strong ? 'ssn_labelled' : 'ssn_bare';
    findings.push(createFinding('ssn', start, end, rule, strong ? patternScore : weakScore));
  }
  return findings;
}

function digitsEnd(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && isWord(text.charCodeAt(index))) index += 1;
  if (index < end) return index;
  while (isWord(text.charCodeAt(index))) index += 1;
  return index;
}

function isPossible(value: string): boolean {
  const area = value.slice(0, 3);
  const digits = value.replace(/\D/g, '');
  return (
    area !== '000' &&
    area !== '666' &&
    !area.startsWith('9') &&
    digits.slice(3, 5) !== '00' &&
    digits.slice(5) !== '0000'
  );
}
