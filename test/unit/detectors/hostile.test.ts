import { detectPersonalData } from '../../../activities/knowledge/detectors';
import { findApiKeys } from '../../../activities/knowledge/detectors/find-api-keys';
import { findCreditCards } from '../../../activities/knowledge/detectors/find-credit-cards';
import { findEmails } from '../../../activities/knowledge/detectors/find-emails';
import { findIbans } from '../../../activities/knowledge/detectors/find-ibans';
import { findIpAddresses } from '../../../activities/knowledge/detectors/find-ip-addresses';
import { findPasswords } from '../../../activities/knowledge/detectors/find-passwords';
import { findPhones } from '../../../activities/knowledge/detectors/find-phones';
import { findSsns } from '../../../activities/knowledge/detectors/find-ssns';

const megabyte = 1_000_000;
const fill = (unit: string) => unit.repeat(Math.ceil(megabyte / unit.length));

const nearMisses: Record<string, string> = {
  'a@': fill('a@'),
  'a.…@': `${fill('a.')}@`,
  'a@b.': `a@${fill('b.')}`,
  '@': fill('@'),
  'a@b.co': fill('a@b.co'),
  '1-': fill('1-'),
  '12 ': fill('12 '),
  digits: fill('1234567890'),
  zeros: fill('0'),
  '4111 ': fill('4111 '),
  '411111111111111 ': fill('411111111111111 '),
  '(0': fill('(0'),
  '+1': fill('+1'),
  '+': fill('+'),
  '123-45-': fill('123-45-'),
  '123-45-678 ': fill('123-45-678 '),
  'GB82 ': fill('GB82 '),
  GB82: fill('GB82'),
  '1.': fill('1.'),
  '999.999.999.999 ': fill('999.999.999.999 '),
  '::': fill('::'),
  'a:': fill('a:'),
  '1:2:3:4:5:6:7 ': fill('1:2:3:4:5:6:7 '),
  eyJ: fill('eyJ'),
  'eyJ.': fill('eyJabcdef.'),
  'eyJ ': fill(`eyJ${'a'.repeat(4000)} `),
  'sk-': fill('sk-'),
  'token=': fill('token='),
  'secret ': fill('secret     '),
  AKIA: fill('AKIA'),
  'private key heads': fill('-----BEGIN PRIVATE KEY-----'),
  dashes: fill('-----BEGIN '),
  'password:': fill('password:'),
  'password ': fill('password    '),
  'password="': fill('password="x'),
  spaces: fill(' '),
  letters: fill('a'),
  newlines: fill('\n'),
  'phone 1234567 ': fill('phone 1234567x '),
};

const detectors: Record<string, (text: string) => unknown[]> = {
  findEmails,
  findPhones,
  findSsns,
  findCreditCards,
  findIbans,
  findIpAddresses,
  findApiKeys,
  findPasswords,
  detectPersonalData,
};

describe.each(Object.entries(detectors))('%s on a megabyte of near misses', (_name, detect) => {
  it.each(Object.entries(nearMisses))('passes %j in under a second', (_title, text) => {
    const began = performance.now();
    detect(text);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

it('takes time in proportion to the length', () => {
  const unit = 'mail a@b.example, call +1 555 123 4567, 10.0.0.1, GB82 WEST 1234 5698 7654 32; password=hunter22 ';
  const timeOf = (count: number) => {
    const text = unit.repeat(count);
    const began = performance.now();
    detectPersonalData(text);
    return performance.now() - began;
  };
  timeOf(1000);
  expect(timeOf(16_000)).toBeLessThan(Math.max(20, timeOf(2000)) * 30);
});
