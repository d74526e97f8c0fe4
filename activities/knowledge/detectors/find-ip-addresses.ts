import { isIPv6 } from 'node:net';
import { isDigit, isLetter, isWord } from './characters';
import { createFinding, type Finding } from './finding';

const ipv6CharactersMax = 45;

/** IPv4 addresses with every octet in 0–255, and valid IPv6 addresses in any notation. */
export function findIpAddresses(text: string): Finding[] {
  return [...findIpv4(text), ...findIpv6(text)];
}

function findIpv4(text: string): Finding[] {
  const findings: Finding[] = [];
  const shapes = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g;
  for (let match = shapes.exec(text); match !== null; match = shapes.exec(text)) {
    const start = match.index;
    const end = start + match[0].length;
    const before = text.charCodeAt(start - 1);
    const after = text.charCodeAt(end);
    const continues = isWord(after) || (after === 46 && isDigit(text.charCodeAt(end + 1)));
    if (isWord(before) || before === 46 || continues || !match[0].split('.').every(isOctet)) {
      // Five numbers with dots are no address, nor are their last four.
      shapes.lastIndex = runEnd(text, start);
      continue;
    }
    findings.push(createFinding('ip_address', start, end, 'ipv4'));
  }
  return findings;
}

function isOctet(digits: string): boolean {
  return Number(digits) <= 255 && (digits.length === 1 || !digits.startsWith('0'));
}

function runEnd(text: string, start: number): number {
  let index = start;
  while (isDigit(text.charCodeAt(index)) || text.charCodeAt(index) === 46) index += 1;
  return index;
}

function findIpv6(text: string): Finding[] {
  const findings: Finding[] = [];
  let passed = 0;
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', passed)) {
    let start = colon;
    while (start > passed && isIpv6Character(text.charCodeAt(start - 1))) start -= 1;
    let end = colon + 1;
    while (isIpv6Character(text.charCodeAt(end))) end += 1;
    passed = end;
    if (end - start > ipv6CharactersMax + 2 || isWord(text.charCodeAt(end)) || isWord(text.charCodeAt(start - 1)))
      continue;
    const candidate = trimmed(text.slice(start, end));
    if (candidate.length < 3 || !looksLikeAddress(candidate) || !isIPv6(candidate)) continue;
    findings.push(createFinding('ip_address', start, start + candidate.length, 'ipv6'));
  }
  return findings;
}

/** A dot or a single colon at the end belongs to the sentence. */
function trimmed(run: string): string {
  const withoutDot = run.endsWith('.') ? run.slice(0, -1) : run;
  return /[^:]:$/.test(withoutDot) ? withoutDot.slice(0, -1) : withoutDot;
}

/** Slices (`1::2`), scopes (`a::b`) and times are valid or nearly valid addresses, but not meant as such. */
function looksLikeAddress(candidate: string): boolean {
  const colons = candidate.split(':').length - 1;
  return colons >= 3 || candidate === '::1' || (candidate.includes('::') && /^[0-9a-f]{3,4}:/i.test(candidate));
}

function isIpv6Character(code: number): boolean {
  return isDigit(code) || code === 58 || code === 46 || (isLetter(code) && (code | 32) <= 102);
}
