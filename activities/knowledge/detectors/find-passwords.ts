import { createFinding, type Finding } from './finding';

const label = /(?<![a-z])(?:pass(?:word|wd|phrase|code)|pwd)(?![a-z])/gi;
const separator = /["'`]?\s{0,4}(?:(=>|:=|[:=])|(?:is|was)(?!\w))\s{0,4}/y;
const quotedValue = /(["'`])([^"'`\r\n]{6,128})\1/y;
const plainValue = /[^\s"'`]{6,128}/y;
const placeholder = /^(?:\$\{|\{\{|<|%|process\.env|os\.environ)|^(.)\1*$/;

/** A password label (`password`, `passwd`, `pwd`, …), a separator and at least six characters. */
export function findPasswords(text: string): Finding[] {
  const findings: Finding[] = [];
  label.lastIndex = 0;
  for (let match = label.exec(text); match !== null; match = label.exec(text)) {
    separator.lastIndex = label.lastIndex;
    const between = separator.exec(text);
    if (between === null) continue;
    const span = valueAt(text, separator.lastIndex, between[1] !== undefined);
    if (span === null) continue;
    findings.push(createFinding('password', span.start, span.end, 'labelled_password'));
    label.lastIndex = span.end;
  }
  return findings;
}

function valueAt(text: string, from: number, explicit: boolean): { start: number; end: number } | null {
  quotedValue.lastIndex = from;
  const quoted = quotedValue.exec(text)?.[2];
  plainValue.lastIndex = from;
  const plain = quoted === undefined ? plainValue.exec(text)?.[0]?.replace(/[.,;:!?)\]}>]{1,4}$/, '') : undefined;
  const value = quoted ?? plain;
  if (value === undefined || value.length < 6 || placeholder.test(value)) return null;
  // "The password is required" holds no password; "is hunter2" does.
  if (!explicit && quoted === undefined && /^[A-Za-z]*$/.test(value)) return null;
  const start = quoted === undefined ? from : from + 1;
  return { start, end: start + value.length };
}
