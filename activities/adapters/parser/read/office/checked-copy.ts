import { zipSync } from 'fflate';
import { type Archive, openArchive } from './open-archive';
import { readXml, type XmlHandlers } from './read-xml';

/**
 * A copy of an Office document that holds only its XML parts, each inflated within the bounds and seen to be plain XML, so
 * that a library which bounds nothing itself can be given it. Parts are not compressed again.
 */
export async function checkedCopy(
  bytes: Buffer,
  handlersOf: (part: string) => XmlHandlers = () => ({}),
): Promise<Buffer> {
  const archive: Archive = await openArchive(bytes);
  const parts: Record<string, Uint8Array> = {};
  for (const name of archive.names) {
    if (!/\.(?:xml|rels)$/i.test(name)) continue;
    const part = await archive.read(name);
    if (part === undefined) continue;
    readXml(part, handlersOf(name));
    parts[name] = part;
  }
  return Buffer.from(zipSync(parts, { level: 0 }));
}
