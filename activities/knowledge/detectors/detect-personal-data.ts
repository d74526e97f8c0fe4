import { findAddresses } from './find-addresses';
import { findApiKeys } from './find-api-keys';
import { findBirthDates } from './find-birth-dates';
import { findCreditCards } from './find-credit-cards';
import { findEmails } from './find-emails';
import { findIbans } from './find-ibans';
import { findIpAddresses } from './find-ip-addresses';
import { findNames } from './find-names';
import { findPasswords } from './find-passwords';
import { findPhones } from './find-phones';
import { findSsns } from './find-ssns';
import type { Finding } from './finding';
import { resolveOverlaps } from './resolve-overlaps';

const detectors = [
  findEmails,
  findPhones,
  findSsns,
  findCreditCards,
  findIbans,
  findIpAddresses,
  findApiKeys,
  findPasswords,
  findBirthDates,
  findAddresses,
  findNames,
];

/** Finds personal data and secrets; ordered by position, without overlaps, in time linear in the text's length. */
export function detectPersonalData(text: string): Finding[] {
  return resolveOverlaps(detectors.flatMap((detect) => detect(text)));
}
