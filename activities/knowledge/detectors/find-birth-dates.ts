import { isDigit } from './characters';
import { createFinding, type Finding, hintScore, labelledScore } from './finding';
import { letter } from './words';

/** What only a person's papers say, in the languages that we know. */
const noun =
  'd(?:ate|ay|\\.)? ?o(?:f|\\.)? ?b(?:irth|\\.)?(?! ?rate)|birth ?(?:date|day)|geburts(?:datum|tag)|date de naissance|fecha de nacimiento|data di nascita|data de nascimento|geboorte(?:datum|dag)|f[øö]d(?:sels|else)(?:dato|datum)|syntym[äa]aika|data urodzenia|datum narozen[ií]|sz[üu]let[ée]si (?:d[áa]tum|id[őo])|дата рождения|出生日期|生年月日';
/** What may also be said of a company. */
const verb = 'born|geb(?:oren|\\.)|n[ée]e? le|nacid[oa]|nat[oa] (?:il|a)|nascid[oa]|f[øö]dt?|urodzon[ya]';
const months = [
  'jan|ene|gen|led|sty|tammi',
  'feb|fév|fev|úno|lut|helmi',
  'mar|mär|maa|mrt|brez|bře',
  'apr|avr|abr|dub|kwi|huhti',
  'may|mai|mag|mei|maj|kvě|touko',
  'jun|juin|giu|čvn|cze|kesä',
  'jul|juil|lug|čvc|lip|heinä',
  'aug|aoû|aou|ago|srp|sie|elo',
  'sep|set|zář|wrz|syys',
  'oct|okt|ott|out|říj|paź|loka',
  'nov|lis|marras',
  'dec|déc|dez|dic|pro|gru|joulu',
] as const;
const monthWord = `(?:${months.join('|')})[${letter}]{0,9}`;
const between = '[ ./,\\-]{0,2}(?:de |of |d[ei]l )?';
const years = /(?:189|19\d|20\d)\d/g;
const yearFirst = /\d{4}([-./])(\d{1,2})\1(\d{1,2})(?!\d)/y;
const yearLast = new RegExp(
  [
    '(?<![\\d.])(?<first>\\d{1,2})([-./])(?<second>\\d{1,2})\\2',
    `(?<!\\d)(?<dayBefore>\\d{1,2})(?:st|nd|rd|th|er|º|°)?${between}(?<wordAfter>${monthWord})${between}`,
    `(?<![${letter}])(?<wordBefore>${monthWord})[ .]{1,2}(?<dayAfter>\\d{1,2})(?:st|nd|rd|th)?,? `,
  ]
    .map((shape) => `${shape}$`)
    .join('|'),
  'i',
);
// Between a label and its date stand few words; behind a verb a place at most, and no other sentence.
const labelBefore = new RegExp(
  `(?<![${letter}\\d])(?:(${noun})(?![${letter}\\d])\\D{0,32}|(?:${verb})(?![${letter}\\d])(?:(?!\\. )[^\\d!?;:\\n]){0,24})$`,
  'i',
);
const labelReach = 64;
const dateReach = 28;
const yearMin = 1890;

/** Dates beside a label of birth. A date alone is never one: documents are full of them. */
export function findBirthDates(text: string): Finding[] {
  const findings: Finding[] = [];
  years.lastIndex = 0;
  for (let match = years.exec(text); match !== null; match = years.exec(text)) {
    const date = dateAt(text, match.index);
    if (date === null) continue;
    const label = labelBefore.exec(text.slice(Math.max(0, date.start - labelReach), date.start));
    if (label === null) continue;
    const isNoun = label[1] !== undefined;
    const rule = isNoun ? 'birth_date_labelled' : 'birth_date_told';
    findings.push(createFinding('date_of_birth', date.start, date.end, rule, isNoun ? labelledScore : hintScore));
    years.lastIndex = date.end;
  }
  return findings;
}

/** The possible date to which the year at this place belongs. */
function dateAt(text: string, at: number): { start: number; end: number } | null {
  const end = at + 4;
  if (isDigit(text.charCodeAt(at - 1)) || isDigit(text.charCodeAt(end))) return null;
  const year = Number(text.slice(at, end));
  yearFirst.lastIndex = at;
  const first = yearFirst.exec(text);
  if (first !== null) {
    return isDate(year, Number(first[2]), Number(first[3])) ? { start: at, end: yearFirst.lastIndex } : null;
  }
  const before = text.slice(Math.max(0, at - dateReach), at);
  const found = yearLast.exec(before);
  if (found === null || !isPossible(year, found.groups ?? {})) return null;
  return { start: at - before.length + found.index, end };
}

type Groups = Readonly<Record<string, string | undefined>>;

function isPossible(year: number, { first, second, dayBefore, wordAfter, wordBefore, dayAfter }: Groups): boolean {
  if (first !== undefined) {
    return isDate(year, Number(second), Number(first)) || isDate(year, Number(first), Number(second));
  }
  return isDate(year, monthOf(wordAfter ?? wordBefore ?? ''), Number(dayBefore ?? dayAfter));
}

function monthOf(word: string): number {
  const lower = word.toLowerCase();
  return months.findIndex((starts) => starts.split('|').some((start) => lower.startsWith(start))) + 1;
}

function isDate(year: number, month: number, day: number): boolean {
  const now = new Date().getUTCFullYear();
  if (year < yearMin || year > now || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
