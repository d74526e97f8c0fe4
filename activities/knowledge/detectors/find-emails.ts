import { isAlphanumeric, isLetter } from './characters';
import { createFinding, type Finding } from './finding';

const localCharactersMax = 64;
const domainCharactersMax = 253;
// Fewer than the standard allows: `=`, `/`, `|` and the like stand before addresses far more often than in them.
const localSymbols = new Set([..."._%+-'&~"].map((symbol) => symbol.charCodeAt(0)));

/** Mail addresses, found around each `@` within the lengths of RFC 5321. */
export function findEmails(text: string): Finding[] {
  const findings: Finding[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at);
    if (start === at) continue;
    const end = domainEnd(text, at + 1);
    if (end !== -1) findings.push(createFinding('email', start, end, 'email_address'));
  }
  return findings;
}

function localStart(text: string, at: number): number {
  let start = at;
  const floor = Math.max(0, at - localCharactersMax);
  while (start > floor && isLocal(text.charCodeAt(start - 1))) start -= 1;
  // Punctuation before an address belongs to the sentence: 'a@b.example', =a@b.example, ...a@b.example.
  while (start < at && !isAlphanumericOrForeign(text.charCodeAt(start))) start += 1;
  return text.charCodeAt(at - 1) === 46 ? at : start;
}

function domainEnd(text: string, from: number): number {
  const ceiling = Math.min(text.length, from + domainCharactersMax);
  let end = -1;
  let labels = 0;
  let labelStart = from;
  for (let index = from; index <= ceiling; index += 1) {
    const code = index < ceiling ? text.charCodeAt(index) : NaN;
    if (isAlphanumericOrForeign(code) || (code === 45 && index > labelStart)) continue;
    let labelEnd = index;
    while (labelEnd > labelStart && text.charCodeAt(labelEnd - 1) === 45) labelEnd -= 1;
    if (labelEnd === labelStart) break;
    labels += 1;
    if (labels > 1 && isTopLevel(text, labelStart, labelEnd)) end = labelEnd;
    if (code !== 46 || labelEnd !== index) break;
    labelStart = index + 1;
  }
  return end;
}

function isTopLevel(text: string, start: number, end: number): boolean {
  if (end - start < 2 || end - start > 63) return false;
  if (text.startsWith('xn--', start)) return true;
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (!isLetter(code) && code < 128) return false;
  }
  return true;
}

function isLocal(code: number): boolean {
  return isAlphanumericOrForeign(code) || localSymbols.has(code);
}

/** Letters of any script count (internationalised addresses); spaces and punctuation above ASCII do not. */
function isAlphanumericOrForeign(code: number): boolean {
  if (code < 128) return isAlphanumeric(code);
  return code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f) && code < 0xff00;
}
