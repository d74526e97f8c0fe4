export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  /** In the archive. */
  readonly size: number;
  readonly originalSize: number;
  /** Where its local header stands. */
  readonly at: number;
}

// APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
const [directoryEnd, directoryEnd64, locator64, directoryEntry] = [0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50];
const [endBytes, locatorBytes, entryBytes, commentBytesMax] = [22, 20, 46, 0xffff];
const [extra64, in64] = [1, 0xffffffff];
const isUtf8Flag = 0x800;

/** What a zip archive says it holds, one entry after another. Fails with a `RangeError` when its directory is damaged. */
export function* readDirectory(bytes: Buffer): Generator<ZipEntry> {
  const { entries, start } = findDirectory(bytes);
  for (let [at, read] = [start, 0]; read < entries; read += 1) {
    if (bytes.readUInt32LE(at) !== directoryEntry) throw new RangeError('no entry of a directory');
    const nameEnd = at + entryBytes + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const encoding = bytes.readUInt16LE(at + 8) & isUtf8Flag ? 'utf8' : 'latin1';
    yield {
      name: bytes.toString(encoding, at + entryBytes, nameEnd),
      method: bytes.readUInt16LE(at + 10),
      ...placeOf(bytes, at, nameEnd, extraEnd),
    };
    at = extraEnd + bytes.readUInt16LE(at + 32);
  }
}

function findDirectory(bytes: Buffer): { readonly entries: number; readonly start: number } {
  let end = bytes.length - endBytes;
  while (bytes.readUInt32LE(end) !== directoryEnd) {
    end -= 1;
    if (end < bytes.length - endBytes - commentBytesMax) throw new RangeError('no end of a directory');
  }
  const locator = end - locatorBytes;
  if (locator >= 0 && bytes.readUInt32LE(locator) === locator64) {
    const end64 = read64(bytes, locator + 8);
    if (bytes.readUInt32LE(end64) === directoryEnd64) {
      return { entries: read64(bytes, end64 + 32), start: read64(bytes, end64 + 48) };
    }
  }
  return { entries: bytes.readUInt16LE(end + 8), start: bytes.readUInt32LE(end + 16) };
}

/** Sizes and place of an entry; those that need 64 bits stand in its extra fields, in this order. */
function placeOf(
  bytes: Buffer,
  at: number,
  extraStart: number,
  extraEnd: number,
): Pick<ZipEntry, 'size' | 'originalSize' | 'at'> {
  const size = bytes.readUInt32LE(at + 20);
  const originalSize = bytes.readUInt32LE(at + 24);
  const place = bytes.readUInt32LE(at + 42);
  if (size !== in64 && originalSize !== in64 && place !== in64) return { size, originalSize, at: place };
  let field = extraStart;
  while (field < extraEnd && bytes.readUInt16LE(field) !== extra64) field += 4 + bytes.readUInt16LE(field + 2);
  let next = field + 4;
  const wide = (narrow: number): number => {
    if (narrow !== in64) return narrow;
    next += 8;
    if (next > extraEnd) throw new RangeError('no size in 64 bits');
    return read64(bytes, next - 8);
  };
  return { originalSize: wide(originalSize), size: wide(size), at: wide(place) };
}

function read64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
