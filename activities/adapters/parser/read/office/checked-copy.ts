import { zipSync } from 'fflate';
import { checkXml } from './check-xml';
import { readParts } from './read-parts';

/**
 * A copy of an Office document that holds only its XML parts, each inflated within the bounds and seen to be plain XML, so
 * that a library which bounds nothing itself can be given it. Parts are not compressed again.
 */
export function checkedCopy(bytes: Buffer, check: (name: string, xml: string) => void = () => {}): Buffer {
  const parts = readParts(bytes, (name) => /\.(?:xml|rels)$/i.test(name));
  for (const [name, part] of parts) {
    // Marks are ASCII in every encoding that the libraries read.
    const xml = part.toString('latin1');
    checkXml(xml);
    check(name, xml);
  }
  return Buffer.from(zipSync(Object.fromEntries(parts), { level: 0 }));
}
