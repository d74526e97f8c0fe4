import { rulesVersion, type PersonalDataKind } from '../../../contracts/classification';

/** Where personal data stands in a text, and why we think so. The value itself is never part of it. */
export interface Finding {
  readonly kind: PersonalDataKind;
  /** Offsets into the text, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** 1 with a valid checksum, 0.9 for a pattern, less where only the words around tell what it is; below 0.8 it does not count for the sensitivity level. */
  readonly score: number;
  readonly rule: string;
  readonly version: string;
}

export const detectorVersion = String(rulesVersion);

export const patternScore = 0.9;
export const checksumScore = 1;
/** A shape that many things have, beside a label that says which it is. */
export const labelledScore = 0.85;
/** Likely, but often of a company or a thing. */
export const hintScore = 0.7;
/** Too weak to raise a sensitivity level, strong enough to be shown. */
export const weakScore = 0.5;

export function createFinding(
  kind: PersonalDataKind,
  start: number,
  end: number,
  rule: string,
  score = patternScore,
): Finding {
  return { kind, start, end, score, rule, version: detectorVersion };
}
