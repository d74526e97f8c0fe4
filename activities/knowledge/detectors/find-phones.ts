import { continuesNumber, isDigit, isWord } from './characters';
import { createFinding, type Finding } from './finding';
import { couldBeUnlabelled, isLabelledPhone, phoneRule } from './phone-rules';
import { type PhoneGroups, readPhoneGroups } from './phone-groups';

const labelReach = 32;
const labelBefore =
  /(?<![a-z])(?:(?:tele)?phone|tel[eé]fono?|telefon|t[eé]l|mobile?|m[oó]vil|mobil|handy|cell(?:ular|phone)?|fax|call(?:ing|ed)?|dial|ring|sms|texts?|text(?:ing)?|whatsapp|contact|messages?|answering|desk|office|ph|hotline)(?![a-z])|电话|手机|電話|тел/i;
const labelAfter = /^[\s,()-]{0,3}(?:office|fax|mobile|cell|home|desk|work|phone|tel)(?![a-z])/i;
const extension = /(?: ?,? ?(?:x|ext\.?|extension) ?[.:]? ?|#)\d{1,6}(?!\w)/iy;
const date =
  /^(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ]\d{1,2}(?!\d)|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?!\d))/;

/** Phone numbers: international, North American, national with a leading zero, and looser ones beside a label. */
export function findPhones(text: string): Finding[] {
  const findings: Finding[] = [];
  const digits = /\d+/g;
  for (let match = digits.exec(text); match !== null; match = digits.exec(text)) {
    if (match[0].length > 15) continue;
    const read = readPhoneGroups(text, match.index);
    if (!beginsNumber(text, read)) continue;
    const found = longestMatch(text, read);
    if (found === null) continue;
    extension.lastIndex = found.end;
    const end = extension.test(text) ? extension.lastIndex : found.end;
    findings.push(createFinding('phone', read.start, end, found.rule));
    digits.lastIndex = end;
  }
  return findings;
}

/** A rule that needs no label is preferred; then the longest number that still ends properly. */
function longestMatch(text: string, read: PhoneGroups): { rule: string; end: number } | null {
  if (!couldBePhone(read) || date.test(text.slice(read.start, read.start + 12))) return null;
  const digits = read.groups.map(digitsOf, text);
  if (couldBeUnlabelled(read, digits)) {
    for (let count = digits.length; count > 0; count -= 1) {
      const rule = endsNumber(text, read, count) ? phoneRule(read, digits.slice(0, count)) : null;
      if (rule !== null) return { rule, end: endOf(read, count) };
    }
  }
  if (!isLabelled(text, read)) return null;
  for (let count = digits.length; count > 0; count -= 1) {
    if (!isLabelledPhone(digits.slice(0, count)) || !endsNumber(text, read, count)) continue;
    return { rule: 'phone_labelled', end: endOf(read, count) };
  }
  return null;
}

function digitsOf(this: string, { start, end }: PhoneGroups['groups'][number]): string {
  return this.slice(start, end);
}

function endOf({ groups, start }: PhoneGroups, count: number): number {
  return groups[count - 1]?.end ?? start;
}

function isLabelled(text: string, read: PhoneGroups): boolean {
  const end = endOf(read, read.groups.length);
  const before = text.slice(Math.max(0, read.start - labelReach), read.start);
  return labelBefore.test(before) || labelAfter.test(text.slice(end, end + 16));
}

function couldBePhone({ groups }: PhoneGroups): boolean {
  let total = 0;
  for (const { start, end } of groups) total += end - start;
  return total >= 7;
}

function beginsNumber(text: string, { start, plus }: PhoneGroups): boolean {
  const before = text.charCodeAt(start - 1);
  if (isWord(before)) return false;
  return plus || !(continuesNumber(text, start - 1, -1) || /[#$€£]/.test(text[start - 1] ?? ''));
}

/** Inside the groups a number may end before a space only: half of 12-34-56 is none. */
function endsNumber(text: string, read: PhoneGroups, count: number): boolean {
  const following = read.groups[count];
  if (following) return /[ \u00a0(]/.test(following.separator);
  const end = endOf(read, count);
  if (continuesNumber(text, end, 1)) return false;
  if (!isWord(text.charCodeAt(end))) return true;
  extension.lastIndex = end;
  return !isDigit(text.charCodeAt(end)) && extension.test(text);
}
