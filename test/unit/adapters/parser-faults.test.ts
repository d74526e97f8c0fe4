import { UnreadableDocument } from '../../../activities/adapters/parser/port';
import { orDamaged } from '../../../activities/adapters/parser/read/or-damaged';
import { faultOf } from '../../../activities/adapters/parser/thread/fault-of';
import { createMetrics } from '../../../telemetry/metrics';
import { countFaults } from '../../../telemetry/parser-faults';

function failIn(file: string, error: Error): Promise<never> {
  error.stack = `${error.name}: ${error.message}\n    at read (${file}:1:1)\n    at later (/x/y.js:1:1)`;
  return Promise.reject(error);
}
const ours = require.resolve('../../../activities/adapters/parser/read/parse-pdf');
const library = require.resolve('mammoth');

test('a mistake of our own is no damage of the document, one of a library is', async () => {
  const mistake = new TypeError('secret content');
  await expect(orDamaged('PDF', () => failIn(ours, mistake))).rejects.toBe(mistake);
  await expect(orDamaged('PDF', () => failIn(library, new TypeError('x')))).rejects.toMatchObject({
    code: 'malformed',
  });
});

test('a fault tells where and not what', async () => {
  const error = new TypeError('secret content\nof two lines');
  await failIn(ours, error).catch(() => {});
  const fault = faultOf(error);
  expect(fault).toEqual({ error: 'TypeError', stack: expect.stringContaining('parse-pdf') });
  expect(JSON.stringify(fault)).not.toMatch(/secret|of two lines/);
});

test('faults are counted, documents that are damaged are not', async () => {
  const metrics = createMetrics({ version: 'test' });
  const fault = { error: 'TypeError', stack: '' };
  const failures = [new UnreadableDocument('malformed', 'x', fault), new UnreadableDocument('malformed', 'x')];
  const parse = countFaults(metrics, () => Promise.reject(failures.pop()!));
  const document = { name: 'a', read: async () => Buffer.from('') };
  await expect(parse(document)).rejects.toMatchObject({ code: 'malformed' });
  await expect(parse(document)).rejects.toMatchObject({ fault });
  expect(await metrics.page()).toMatch(/^aos_parser_faults_total 1$/m);
});
