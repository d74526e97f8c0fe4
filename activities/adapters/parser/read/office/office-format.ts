import { UnreadableDocument } from '../../port';
import { asUtf8 } from './as-utf8';
import type { Archive } from './open-archive';

const mainParts = [
  ['docx', /wordprocessingml\.(?:document|template)\.main\+xml|ms-word\.(?:document|template)\.macroEnabled/],
  ['xlsx', /spreadsheetml\.(?:sheet|template)\.main\+xml|ms-excel\.(?:sheet|template)\.macroEnabled\.main/],
  [
    'pptx',
    /presentationml\.(?:presentation|template|slideshow)\.main\+xml|ms-powerpoint\.(?:presentation|slideshow|template)\.macroEnabled/,
  ],
] as const;

export type OfficeFormat = (typeof mainParts)[number][0];

/** Which Office document an archive holds, by the content types it declares. */
export function officeFormat(archive: Archive): OfficeFormat {
  const name = '[Content_Types].xml';
  const part = archive.read((each) => each === name).get(name);
  const types = part ? asUtf8(part).toString('utf8') : '';
  const found = mainParts.find(([, pattern]) => pattern.test(types));
  if (found) return found[0];
  throw new UnreadableDocument('unknown_format', 'The archive holds no Word, Excel or PowerPoint document.');
}
