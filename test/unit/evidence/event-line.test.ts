import fc from 'fast-check';
import { findDoubleMember, parseJson } from '../../../evidence/json-text';
import { parseEventLine } from '../../../evidence/verify/event-line';
import { wholeLines } from '../../../evidence/verify/whole-lines';
import { chunksOf } from '../../support/evidence-file';

const line = '{"index":1,"event_id":"evt_1","previous_hash":null,"bytes":"eyJhIjoxfQ=="}';

/** What a reader that knows nothing of the layout takes the line for. */
function parsedWhole(text: string) {
  const value = parseJson(text);
  return { value, double: findDoubleMember(text, value) };
}

describe('the line of an event', () => {
  it.each([
    line,
    '{"bytes":"AAAA"}',
    '{,"bytes":"AAAA"}',
    '{"a":1,"bytes":"AAAA"},',
    '{"a":1,"bytes":"AAAA"}}',
    '{"a":1,"bytes":"\\u0041AAA"}',
    '{"a":1,"bytes":"AAAA","bytes":"BBBB"}',
    '{"bytes":"BBBB","a":1,"bytes":"AAAA"}',
    '{"a":1,"a":2,"bytes":"AAAA"}',
    '{"a":{"b":1,"bytes":"AAAA"}}',
    '{"columns":{"a":1,"bytes":"AAAA"},"index":1}',
    '{"event_id":","bytes":"AAAA"}',
    '{"event_id":","bytes":"AAAA",","x":1}',
    '{"event_id":"\\",","bytes":"AAAA"}',
    '["a","bytes":"AAAA"}',
    '{"__proto__":1,"bytes":"AAAA"}',
    '{"a":1,"bytes":"Ä"}',
  ])('is what it is to any reader: %s', (each) => {
    expect(parseEventLine(each)).toEqual(parsedWhole(each));
  });

  it('is so however it is changed', () => {
    const piece = fc.constantFrom('"', '{', '}', '[', ']', ':', ',', '\\', '=', 'a', '1', ',"bytes":"', '"}', '"a":');
    const change = fc.record({ at: fc.nat(line.length), cut: fc.nat(12), piece });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const changed = changes.reduce(
          (text, { at, cut, piece }) => text.slice(0, at) + piece + text.slice(at + cut),
          line,
        );
        expect(parseEventLine(changed)).toEqual(parsedWhole(changed));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('lines', () => {
  it('come whole and in order, however the bytes are cut', async () => {
    const lengths = fc.array(fc.oneof(fc.nat(80), fc.integer({ min: 30_000, max: 70_000 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.integer({ min: 1, max: 200_000 }),
        fc.nat(100),
        async (lengths, chunkBytes, rest) => {
          const text = lengths.map((length) => `${'x'.repeat(length)}\n`).join('') + 'y'.repeat(rest);
          const pieces: string[] = [];
          for await (const each of wholeLines(chunksOf(text, Math.max(chunkBytes, text.length / 200)))) {
            expect(each.isRest || each.text?.endsWith('\n')).toBe(true);
            pieces.push(each.text ?? '');
          }
          expect(pieces.join('') === text).toBe(true);
          expect(pieces.at(-1)).toBe('y'.repeat(rest));
        },
      ),
      { numRuns: 50 },
    );
  });
});
