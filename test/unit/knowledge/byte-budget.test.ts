import { createByteBudget } from '../../../activities/knowledge/byte-budget';
import { kept, stored } from '../../../activities/knowledge/stored-item';
import type { SourceReader } from '../../../activities/adapters/source-reader/port';

const reader = (bytesMax?: number): SourceReader => ({
  ...(bytesMax !== undefined && { bounds: { bytesMax, reason: 'HTTP_INGESTION_ERROR' } }),
  check: () => Promise.reject(new Error('unused')),
  readPage: () => Promise.reject(new Error('unused')),
});
const item = (bytes: number) =>
  stored({ name: 'a', bytes, version: null, format: null, textKey: null, deadLetter: null });

it('counts on from what an earlier attempt has read, and refuses the first byte too many', () => {
  const budget = createByteBudget(reader(100), 60);
  budget.take(item(40));
  budget.take(kept({ name: 'b', reason: 'later' }));
  budget.take({ outcome: 'gone' });
  expect(() => budget.take(item(1))).toThrow(expect.objectContaining({ reason: 'HTTP_INGESTION_ERROR' }));
});

it('leaves a source without a bound alone', () => {
  const budget = createByteBudget(reader(), 1e12);
  expect(budget.take(item(1))).toEqual(item(1));
});
