import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { openArchive } from '../../../activities/adapters/parser/read/office/open-archive';
import { UnreadableDocument } from '../../../activities/adapters/parser/port';
import { asZip64 } from '../../support/zip64-file';

const words = Buffer.from('words '.repeat(400));
const all = () => true;
const zip = (parts: Readonly<Record<string, Uint8Array>>, level: 0 | 6 = 6) =>
  Buffer.from(zipSync(parts as Record<string, Uint8Array>, { level }));

/** The parts by name, or the code of the refusal; anything else fails the test. */
function read(archive: Buffer, isWanted: (name: string) => boolean = all): Record<string, string> | string {
  try {
    const parts = openArchive(archive).read(isWanted);
    return Object.fromEntries([...parts].map(([name, part]) => [name, part.toString('hex')]));
  } catch (error) {
    if (error instanceof UnreadableDocument) return error.code;
    throw error;
  }
}

describe('an archive', () => {
  it('gives each part as another reader gives it, packed or not', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((each) => each !== '__proto__');
    const part = fc.uint8Array({ maxLength: 3_000 });
    fc.assert(
      fc.property(fc.dictionary(name, part, { maxKeys: 8 }), fc.constantFrom(0, 6), (parts, level) => {
        const archive = zip(parts, level as 0 | 6);
        const others = Object.entries(unzipSync(archive)).map(([each, bytes]) => [each, Buffer.from(bytes)] as const);
        expect(read(archive)).toEqual(Object.fromEntries(others.map(([each, bytes]) => [each, bytes.toString('hex')])));
      }),
    );
  });

  it('gives the parts that are asked for, and again others', () => {
    const archive = openArchive(zip({ a: words, b: words }));
    expect([...archive.read((name) => name === 'b').keys()]).toEqual(['b']);
    expect([...archive.read((name) => name === 'a').keys()]).toEqual(['a']);
    expect(archive.read((name) => name === 'c').size).toBe(0);
  });

  it('may say its sizes and places in 64 bits', () => {
    for (const level of [0, 6] as const) {
      const archive = asZip64(zip({ 'a.xml': words, b: Buffer.from('b') }, level));
      expect(read(archive)).toEqual({ 'a.xml': words.toString('hex'), b: '62' });
    }
  });
});

describe('an archive that is damaged', () => {
  const sizes = { packed: 20, original: 24 };
  const [method, place] = [10, 42];
  const changed = (archive: Buffer, field: number, value: number): Buffer => {
    const copy = Buffer.from(archive);
    const entry = copy.indexOf(Buffer.of(0x50, 0x4b, 1, 2));
    if (field === method) copy.writeUInt16LE(value, entry + field);
    else copy.writeUInt32LE(value, entry + field);
    return copy;
  };
  const packed = zip({ a: words });
  const plain = zip({ a: words }, 0);

  it.each([
    ['inflates to more than it declares', changed(packed, sizes.original, words.length - 1)],
    ['inflates to something and declares nothing', changed(packed, sizes.original, 0)],
    ['is cut off', changed(packed, sizes.packed, 10)],
    ['is packed in another way', changed(packed, method, 12)],
    ['is plain and declares another size', changed(plain, sizes.original, 1)],
    ['is plain and reaches beyond the file', changed(changed(plain, sizes.original, 1e6), sizes.packed, 1e6)],
    ['stands where no part begins', changed(packed, place, 1)],
    ['stands beyond the file', changed(packed, place, 1e9)],
  ])('by a part that %s', (_, archive) => {
    expect(read(archive)).toBe('malformed');
    expect(read(archive, () => false)).toEqual({});
  });

  it.each([
    ['cut off', packed.subarray(0, -30)],
    ['without its end', Buffer.concat([packed, Buffer.alloc(70_000)])],
    ['of which nothing is left', packed.subarray(0, 4)],
  ])('because it is %s', (_, archive) => expect(read(archive)).toBe('malformed'));

  it('anywhere is read, or refused as what it is', () => {
    const originals = [packed, plain, asZip64(packed)];
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (original, changes) => {
          const archive = Buffer.from(original);
          for (const { at, byte } of changes) archive[at % archive.length] = byte;
          const outcome = read(archive);
          if (typeof outcome === 'string') expect(['malformed', 'too_large']).toContain(outcome);
        },
      ),
      { numRuns: 500 },
    );
  });
});
