import { zipSync } from 'fflate';
import { asUtf8 } from './as-utf8';
import { checkXml } from './check-xml';
import type { Archive } from './open-archive';

/**
 * A copy of an Office document that holds only its XML parts, each inflated within the bounds and seen to be plain XML, so
 * that a library which bounds nothing itself can be given it. Parts are not compressed again.
 */
export function checkedCopy(archive: Archive, check: (name: string, xml: string) => void = () => {}): Buffer {
  const parts = archive.read((name) => /\.(?:xml|rels)$/i.test(name));
  const copies = new Map<string, Buffer>();
  for (const [name, part] of parts) {
    const copy = asUtf8(part);
    copies.set(name, copy);
    // Marks are the same bytes in ASCII and UTF-8.
    const xml = copy.toString('latin1');
    checkXml(xml);
    check(name, xml);
  }
  return Buffer.from(zipSync(Object.fromEntries(copies), { level: 0 }));
}
