import fc from 'fast-check';
import { chunkText } from '../../../activities/knowledge/chunk-text';

describe('chunkText', () => {
  it('leaves a short text whole, and an empty one without chunks', () => {
    expect(chunkText('short')).toEqual([{ index: 0, start: 0, end: 5, text: 'short' }]);
    expect(chunkText('')).toEqual([]);
    expect(chunkText(' \n '.repeat(1000))).toEqual([]);
  });

  it('breaks after a paragraph, else a sentence, else a word', () => {
    const [paragraph] = chunkText(`${'word '.repeat(8)}end.\n\nnext. and more words to come`, { size: 60, overlap: 5 });
    expect(paragraph?.text.endsWith('end.\n\n')).toBe(true);
    const [sentence] = chunkText(`${'word '.repeat(9)}end. next and more words to come`, { size: 60, overlap: 5 });
    expect(sentence?.text.endsWith('end. ')).toBe(true);
    const [word] = chunkText('word '.repeat(20), { size: 58, overlap: 5 });
    expect(word?.end).toBe(55);
  });

  it('repeats whole words of the chunk before', () => {
    const [first, second] = chunkText('abcd '.repeat(200));
    expect(second?.start).toBeLessThan(first?.end ?? 0);
    expect((first?.end ?? 0) - (second?.start ?? 0)).toBeLessThanOrEqual(50);
    expect(second?.text.startsWith('abcd')).toBe(true);
  });

  it('refuses an overlap that never ends', () => {
    expect(() => chunkText('x', { size: 10, overlap: 9 })).toThrow(RangeError);
    expect(() => chunkText('x', { size: 1, overlap: 0 })).toThrow(RangeError);
  });

  it('covers any text in order, within the size, without splitting a pair', () => {
    const seed = Date.now();
    console.log(`seed ${seed}`);
    const unit = fc.constantFrom('a', 'bc', ' ', '\n\n', '. ', '😀', '名', '\n');
    const text = fc.array(unit, { maxLength: 400 }).map((parts) => parts.join(''));
    const options = fc
      .integer({ min: 2, max: 40 })
      .chain((size) => fc.record({ size: fc.constant(size), overlap: fc.integer({ min: 0, max: size - 2 }) }));
    fc.assert(
      fc.property(text, options, (whole, { size, overlap }) => {
        const chunks = chunkText(whole, { size, overlap });
        let covered = 0;
        chunks.forEach((chunk, index) => {
          expect(chunk.index).toBe(index);
          expect(chunk.text).toBe(whole.slice(chunk.start, chunk.end));
          expect(chunk.text.length).toBeLessThanOrEqual(size);
          expect(chunk.text).not.toMatch(/\p{Surrogate}/u);
          expect(whole.slice(covered, Math.max(covered, chunk.start)).trim()).toBe('');
          expect(chunk.end).toBeGreaterThan(covered);
          covered = chunk.end;
        });
        expect(whole.slice(covered).trim()).toBe('');
        expect(chunkText(whole, { size, overlap })).toEqual(chunks);
      }),
      { seed, numRuns: 1000 },
    );
  });

  // Quadratic work would outlast the time limit of the test.
  it.each(['a', '\n', ' ', '. ', '😀', '\n \n'])('covers a million times %j', (unit) => {
    const text = unit.repeat(1_000_000);
    expect(chunkText(text).at(-1)?.end ?? text.length).toBe(text.length);
  });
});
