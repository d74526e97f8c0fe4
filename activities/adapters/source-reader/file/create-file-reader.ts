import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { refusal } from '../../../../contracts/errors';
import type { SourceReader, SourceRef } from '../port';
import { parseFileConfig } from './file-config';
import { listFiles } from './list-files';
import { matchesGlob } from './matches-glob';
import { openFile } from './open-file';
import { resolveFolder } from './resolve-folder';

/** Reads folders of this machine below the allowed roots; the cursor is the last name of a page. */
export function createFileReader({ roots }: { readonly roots: readonly string[] }): SourceReader {
  const folderOf = (source: SourceRef) => resolveFolder(parseFileConfig(source.config).path, roots);
  return {
    async check(source) {
      const folder = await folderOf(source);
      await access(folder, constants.R_OK | constants.X_OK).catch((error: unknown) => {
        throw refusal('VERIFICATION_FAILED', 'The folder may not be read: give the engine the right to list it.', {
          cause: error,
        });
      });
    },
    async readPage(source, { cursor, itemsMax, signal }) {
      const folder = await folderOf(source);
      const globs = parseFileConfig(source.config).include?.map(matchesGlob);
      const isIncluded = (name: string) => globs === undefined || globs.some((matches) => matches(name));
      // One more than asked for tells whether there is a next page.
      const files = await listFiles(folder, { after: cursor, itemsMax: itemsMax + 1, isIncluded, signal });
      const page = files.slice(0, itemsMax);
      return {
        items: page.map(({ name, bytes }) => ({ name, bytes, open: () => openFile(folder, name) })),
        nextCursor: files.length > itemsMax ? (page.at(-1)?.name ?? null) : null,
      };
    },
  };
}
