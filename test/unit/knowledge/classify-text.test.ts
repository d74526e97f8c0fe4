import { boundFindings, classifyText } from '../../../activities/knowledge/classify-text';
import { detectPersonalData } from '../../../activities/knowledge/detectors';

const { signal } = new AbortController();
const line = (index: number) => `line ${index}: mail person${index}@harbour.example, invoice 4111 1111 1111 1111\n`;
const text = Array.from({ length: 400 }, (_, index) => line(index)).join('');

it.each([1_000, 7_777, 50_000])('finds in segments of %d what it finds in one go', async (length) => {
  const { findings, categories } = await classifyText(text, { signal, length });
  expect(findings).toEqual(detectPersonalData(text));
  expect(categories).toEqual(['financial']);
});

it('loses nothing where a text has neither lines nor spaces', async () => {
  const dense = 'x'.repeat(990) + ',card:4111111111111111,' + 'y'.repeat(3_000);
  const { findings } = await classifyText(dense, { signal, length: 1_000 });
  expect(findings).toEqual(detectPersonalData(dense));
  expect(findings.map(({ kind }) => kind)).toContain('credit_card');
});

it('stops between two segments when it is aborted', async () => {
  const aborted = AbortSignal.abort(new Error('stopped'));
  await expect(classifyText(text, { signal: aborted })).rejects.toThrow('stopped');
});

it('bounds the number of findings, and what was found stays covered by its kind', () => {
  const findings = detectPersonalData(text);
  const bounded = boundFindings(findings, 50);
  expect(findings.length).toBeGreaterThan(700);
  expect(bounded.length).toBeLessThanOrEqual(50);
  for (const { kind, start, end } of findings) {
    expect(bounded.some((one) => one.kind === kind && one.start <= start && one.end >= end)).toBe(true);
  }
});
