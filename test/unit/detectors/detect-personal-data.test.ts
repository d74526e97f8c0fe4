import fc from 'fast-check';
import { detectorVersion, detectPersonalData } from '../../../activities/knowledge/detectors';
import type { PersonalDataKind } from '../../../contracts/classification';

const found = (text: string) =>
  detectPersonalData(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

/** Each text holds the finding and nothing else. */
const positives: [PersonalDataKind, string, string][] = [
  ['email', 'write to ann.lee+x@mail.example.org.', 'ann.lee+x@mail.example.org'],
  ['email', "'o@b.co', please", 'o@b.co'],
  ['email', 'josé@exämple.de', 'josé@exämple.de'],
  ['phone', 'Fax: 345-899-3560x4587', '345-899-3560x4587'],
  ['phone', 'at (212) 555-0100 ext. 12 today', '(212) 555-0100 ext. 12'],
  ['phone', '+46 (0)8 928 571 38', '+46 (0)8 928 571 38'],
  ['phone', 'dial +447700900123!', '+447700900123'],
  ['phone', '001-518-640-0854', '001-518-640-0854'],
  ['phone', '212.555.0100', '212.555.0100'],
  ['phone', '01.84.17.61.18', '01.84.17.61.18'],
  ['phone', 'call 467 3395 now', '467 3395'],
  ['phone', '655 437 108 office', '655 437 108'],
  ['phone', '+1 555 123 4567 2024', '+1 555 123 4567'],
  ['ssn', 'number 219-09-9998.', '219-09-9998'],
  ['ssn', 'SSN: 219099998', '219099998'],
  ['credit_card', '4111111111111111', '4111111111111111'],
  ['credit_card', '5500 0000 0000 0004 12/25', '5500 0000 0000 0004'],
  ['credit_card', '3782-822463-10005', '3782-822463-10005'],
  ['iban', 'GB82 WEST 1234 5698 7654 32 is it', 'GB82 WEST 1234 5698 7654 32'],
  ['iban', 'de89370400440532013000', 'de89370400440532013000'],
  ['ip_address', 'from 192.168.0.1.', '192.168.0.1'],
  ['ip_address', 'at [2001:db8::8a2e:370:7334]:443', '2001:db8::8a2e:370:7334'],
  ['ip_address', '::1', '::1'],
  ['ip_address', '::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ['api_key', 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['api_key', `ghp_${'a1'.repeat(18)}`, `ghp_${'a1'.repeat(18)}`],
  ['api_key', `sk-ant-api03-${'Ab1-'.repeat(8)}x`, `sk-ant-api03-${'Ab1-'.repeat(8)}x`],
  ['api_key', `AIza${'x'.repeat(35)}`, `AIza${'x'.repeat(35)}`],
  ['api_key', 'xoxb-123456789012-abcdef', 'xoxb-123456789012-abcdef'],
  ['api_key', `xai-${'a1'.repeat(20)}`, `xai-${'a1'.repeat(20)}`],
  ['api_key', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
  ['api_key', '"api_key": "abcdefghijklmnopqrst"', 'abcdefghijklmnopqrst'],
  ['api_key', 'Secret is abcdefghij1234567890.', 'abcdefghij1234567890'],
  [
    'api_key',
    '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----',
  ],
  ['password', 'password=hunter2', 'hunter2'],
  ['password', '{"db_password": "two words"}', 'two words'],
  ['password', 'The password is hunter2, ok', 'hunter2'],
  ['password', 'PWD: s3cr&t!x', 's3cr&t!x'],
];

it.each(positives)('finds %s in %j', (kind, text, value) => {
  expect(found(text)).toEqual([`${kind} ${value}`]);
});

it.each([
  'user@host',
  '@mention and a@b',
  'on 2024-01-15 10:30:00 and 15.01.2024',
  '1700000000000',
  'pages 100-2000, 12 345 678 people',
  '4111111111111112',
  '0.4111111111111111',
  '0000000000000000',
  '000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000',
  'GB82 WEST 1234 5698 7654 33',
  '256.1.1.1, 1.2.3.4.5, v1.2.3.4, 01.2.3.4',
  'std::vector, a::b, x[1::2], 12:30:45, 00:1a:2b:3c:4d:5e',
  'sk-learn-is-a-library-for-everybody',
  'The token authentication-mechanisms-explained',
  'password required; the password is required; password: ${PASSWORD}; password=<secret>; password: ********',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  'a3f5c2d4e6b7a8c9d0e1f2a3b4c5d6e7f8a9b0c1',
  'Total $1234567890',
])('finds nothing in %j', (text) => {
  expect(found(text)).toEqual([]);
});

it('scores by checksum, pattern and weakness, and never carries the value', () => {
  const text = 'card 4111111111111111, mail a@b.co, number 219099998';
  const findings = detectPersonalData(text);
  expect(findings.map(({ kind, score }) => [kind, score])).toEqual([
    ['credit_card', 1],
    ['email', 0.9],
    ['ssn', 0.5],
  ]);
  for (const finding of findings) {
    expect(Object.keys(finding).sort()).toEqual(['end', 'kind', 'rule', 'score', 'start', 'version']);
    expect(finding.version).toBe(detectorVersion);
  }
});

it('keeps the checksummed, then the longer of overlapping findings', () => {
  expect(found('password: 4111111111111111')).toEqual(['credit_card 4111111111111111']);
  expect(found('password=ann@mail.example')).toEqual(['email ann@mail.example']);
  expect(found('password=x:ann@mail.example')).toEqual(['password x:ann@mail.example']);
});

const values = positives.map(([, , value]) => value);
const pieces = fc.array(
  fc.oneof(fc.constantFrom(...values, ' ', '\n', '@', '::', '-', '+'), fc.string({ unit: 'binary' })),
);

it('gives ordered spans inside the text without overlaps, the same every time', () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('');
      const findings = detectPersonalData(text);
      let last = 0;
      for (const { start, end } of findings) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        last = end;
      }
      expect(last).toBeLessThanOrEqual(text.length);
      expect(detectPersonalData(text)).toEqual(findings);
    }),
    { seed, numRuns: 500 },
  );
});

it('finds a value wherever it stands between blank lines', () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  const filler = fc.stringMatching(/^[a-z ]{0,40}$/);
  fc.assert(
    fc.property(fc.constantFrom(...positives), filler, filler, ([kind, text, value], before, after) => {
      expect(found(`${before}\n\n${text}\n\n${after}`)).toContain(`${kind} ${value}`);
    }),
    { seed, numRuns: 500 },
  );
});

it('finds every Luhn number of 13 to 19 digits', () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  const digits = fc.stringMatching(/^[2-6]\d{11,17}$/);
  fc.assert(
    fc.property(digits, (body) => {
      const check = [...'0123456789'].find((digit) => luhnSum(body + digit) % 10 === 0);
      expect(found(`x ${body}${check} y`)).toEqual([`credit_card ${body}${check}`]);
    }),
    { seed },
  );
});

function luhnSum(number: string): number {
  return [...number].reverse().reduce((sum, digit, index) => {
    const doubled = index % 2 === 0 ? Number(digit) : Number(digit) * 2;
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
}
