import { isAlphanumeric, isDigit } from './characters';
import { checksumScore, createFinding, type Finding } from './finding';

// Lengths by country from the SWIFT IBAN registry: without them any word after the number could be swallowed.
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** IBANs of any registered country, in one piece or in groups, whose remainder modulo 97 is one. */
export function findIbans(text: string): Finding[] {
  const findings: Finding[] = [];
  const heads = /[a-z]{2}\d{2}/gi;
  for (let match = heads.exec(text); match !== null; match = heads.exec(text)) {
    const length = lengths[match[0].slice(0, 2).toUpperCase()];
    if (length === undefined || isAlphanumeric(text.charCodeAt(match.index - 1))) continue;
    const end = ibanEnd(text, match.index, length);
    if (end === -1) continue;
    findings.push(createFinding('iban', match.index, end, 'iban_mod97', checksumScore));
    heads.lastIndex = end;
  }
  return findings;
}

function ibanEnd(text: string, start: number, length: number): number {
  let compact = '';
  let index = start;
  while (compact.length < length) {
    const code = text.charCodeAt(index);
    if (isAlphanumeric(code)) compact += text[index];
    else if ((code !== 32 && code !== 45) || !isAlphanumeric(text.charCodeAt(index - 1))) return -1;
    index += 1;
  }
  return !isAlphanumeric(text.charCodeAt(index)) && remainder97(compact) === 1 ? index : -1;
}

function remainder97(iban: string): number {
  const rearranged = (iban.slice(4) + iban.slice(0, 4)).toUpperCase();
  let remainder = 0;
  for (let index = 0; index < rearranged.length; index += 1) {
    const code = rearranged.charCodeAt(index);
    remainder = isDigit(code) ? (remainder * 10 + code - 48) % 97 : (remainder * 100 + code - 55) % 97;
  }
  return remainder;
}
