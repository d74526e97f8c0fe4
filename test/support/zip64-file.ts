const marks = { entry: Buffer.of(0x50, 0x4b, 1, 2), end: Buffer.of(0x50, 0x4b, 5, 6) };
const in64 = 0xffffffff;

/** The same archive, as one writes it that may pass four gigabytes: sizes, places and the directory in 64 bits. */
export function asZip64(archive: Buffer): Buffer {
  const endAt = archive.lastIndexOf(marks.end);
  const end = Buffer.from(archive.subarray(endAt));
  const start = end.readUInt32LE(16);
  const count = end.readUInt16LE(8);
  const entries: Buffer[] = [];
  for (let at = start; archive.subarray(at, at + 4).equals(marks.entry);) {
    const [name, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    entries.push(wideEntry(archive.subarray(at, at + 46 + name + extra), name));
    at += 46 + name + extra + comment;
  }
  const directory = Buffer.concat(entries);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  for (const field of [24, 32]) end64.writeBigUInt64LE(BigInt(count), field);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + directory.length), 8);
  locator.writeUInt32LE(1, 16);
  for (const field of [8, 10]) end.writeUInt16LE(0xffff, field);
  for (const field of [12, 16]) end.writeUInt32LE(in64, field);
  return Buffer.concat([archive.subarray(0, start), directory, end64, locator, end]);
}

function wideEntry(entry: Buffer, nameLength: number): Buffer {
  const head = Buffer.from(entry);
  const wide = Buffer.alloc(28);
  wide.writeUInt16LE(1, 0);
  wide.writeUInt16LE(24, 2);
  for (const [field, at] of [
    [24, 4],
    [20, 12],
    [42, 20],
  ] as const) {
    wide.writeBigUInt64LE(BigInt(head.readUInt32LE(field)), at);
    head.writeUInt32LE(in64, field);
  }
  const other = Buffer.from([0xfe, 0xca, 1, 0, 7]);
  head.writeUInt16LE(head.readUInt16LE(30) + other.length + wide.length, 30);
  head.writeUInt16LE(0, 32);
  return Buffer.concat([head.subarray(0, 46 + nameLength), other, wide, head.subarray(46 + nameLength)]);
}
