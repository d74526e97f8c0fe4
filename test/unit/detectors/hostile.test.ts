import { detectPersonalData } from '../../../activities/knowledge/detectors';
import { findAddresses } from '../../../activities/knowledge/detectors/find-addresses';
import { findApiKeys } from '../../../activities/knowledge/detectors/find-api-keys';
import { findBirthDates } from '../../../activities/knowledge/detectors/find-birth-dates';
import { findCreditCards } from '../../../activities/knowledge/detectors/find-credit-cards';
import { findEmails } from '../../../activities/knowledge/detectors/find-emails';
import { findIbans } from '../../../activities/knowledge/detectors/find-ibans';
import { findIpAddresses } from '../../../activities/knowledge/detectors/find-ip-addresses';
import { findNames } from '../../../activities/knowledge/detectors/find-names';
import { findPasswords } from '../../../activities/knowledge/detectors/find-passwords';
import { findPhones } from '../../../activities/knowledge/detectors/find-phones';
import { findSsns } from '../../../activities/knowledge/detectors/find-ssns';
import { nearMisses } from '../../support/near-misses';

const detectors: Record<string, (text: string) => unknown[]> = {
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
  detectPersonalData,
};

describe.each(Object.entries(detectors))('%s on a megabyte of near misses', (_name, detect) => {
  // Quadratic work on a megabyte would outlast the test's time limit by far; how fast it is belongs to the bench.
  it.each(Object.entries(nearMisses))('comes to an end on %j', (_title, text) => {
    expect(Array.isArray(detect(text))).toBe(true);
  });
});
