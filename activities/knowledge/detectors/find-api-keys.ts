import { createFinding, type Finding } from './finding';

/** Keys with a prefix their issuer made well known; `digit` where words could have the same shape. */
const issuers: readonly { readonly rule: string; readonly shape: RegExp; readonly digit?: true }[] = [
  { rule: 'aws_access_key', shape: /(?<![A-Za-z0-9])A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g },
  { rule: 'github_token', shape: /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,255}/g },
  { rule: 'github_token', shape: /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{22,255}/g },
  { rule: 'secret_key', shape: /(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{20,255}/g, digit: true },
  { rule: 'secret_key', shape: /(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}/g },
  { rule: 'google_api_key', shape: /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/g },
  { rule: 'slack_token', shape: /(?<![A-Za-z0-9])xox[abeprs]-[A-Za-z0-9-]{10,255}/g },
  { rule: 'xai_key', shape: /(?<![A-Za-z0-9_-])xai-[A-Za-z0-9_-]{20,255}/g, digit: true },
  {
    rule: 'json_web_token',
    shape: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,4096}\.[A-Za-z0-9_-]{5,8192}\.[A-Za-z0-9_-]{5,2048}/g,
  },
];

const label =
  /(?<![a-z])(?:(?:api|access|auth|client|private|secret|bearer)[ _-]?(?:key|token|secret)|token|secret)s?(?![a-z0-9])/gi;
const labelledValue = /["'`]?(\s{0,4}(?:[:=]|=>|:=|\bis\b)?\s{0,4})["'`]?([\w\-.+/=~]{20,512})/y;
const keyBlockHead = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const keyBlockTail = /-----END [A-Z0-9 ]{0,60}-----/y;
const keyBlockCharactersMax = 20_000;

/** Keys and tokens: shapes of known issuers, private key blocks, and any 20 characters after a label. */
export function findApiKeys(text: string): Finding[] {
  return [...issuers.flatMap((issuer) => findIssued(text, issuer)), ...findKeyBlocks(text), ...findLabelled(text)];
}

function findIssued(text: string, { rule, shape, digit }: (typeof issuers)[number]): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(shape)) {
    if (digit && !/\d/.test(match[0])) continue;
    findings.push(createFinding('api_key', match.index, match.index + match[0].length, rule));
  }
  return findings;
}

function findKeyBlocks(text: string): Finding[] {
  const findings: Finding[] = [];
  let closing = 0;
  for (const match of text.matchAll(keyBlockHead)) {
    const headEnd = match.index + match[0].length;
    // The next end mark is looked for once, not once per head: a text of heads alone would take quadratic time.
    while (closing !== -1 && closing < headEnd) closing = text.indexOf('-----END', closing + 1);
    keyBlockTail.lastIndex = closing;
    const isWhole = closing !== -1 && closing - headEnd <= keyBlockCharactersMax && keyBlockTail.test(text);
    findings.push(createFinding('api_key', match.index, isWhole ? keyBlockTail.lastIndex : headEnd, 'private_key'));
  }
  return findings;
}

function findLabelled(text: string): Finding[] {
  const findings: Finding[] = [];
  label.lastIndex = 0;
  for (let match = label.exec(text); match !== null; match = label.exec(text)) {
    labelledValue.lastIndex = label.lastIndex;
    const value = labelledValue.exec(text);
    if (value === null) continue;
    const [, separator = '', secret = ''] = value;
    // After a mere space or "is" a long word may follow; a key has digits in it.
    if (!/[:=]/.test(separator) && !/\d/.test(secret)) continue;
    const end = labelledValue.lastIndex;
    const kept = secret.endsWith('.') ? secret.slice(0, -1) : secret;
    if (kept.length < 20) continue;
    const start = end - secret.length;
    findings.push(createFinding('api_key', start, start + kept.length, 'labelled_secret'));
    label.lastIndex = end;
  }
  return findings;
}
