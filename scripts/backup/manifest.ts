import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../stack/files';
import { StartError } from '../stack/terminal';

export const manifestName = 'manifest.json';

// The paths of a manifest become paths of a restored installation.
const place = z.string().refine((value) => value === path.posix.normalize(value) && !/^(\.\.|\/)/.test(value));
const mode = z.int().min(0).max(0o777);

const FileEntry = z.strictObject({
  path: place,
  mode,
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const FolderEntry = z.strictObject({ path: place, mode });

const Manifest = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  platform: z.string(),
  /** Major version of the server whose data files these are. */
  postgres: z.string(),
  /** The state of the database that the backup holds is that of this moment. */
  database_at: z.string(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: z.string() })),
  folders: z.array(FolderEntry),
  files: z.array(FileEntry),
});

export type FileEntry = z.infer<typeof FileEntry>;
export type FolderEntry = z.infer<typeof FolderEntry>;
export type Manifest = z.infer<typeof Manifest>;

/** Data files are bound to the kind of machine that wrote them. */
export const thisPlatform = `${process.platform}-${process.arch}`;

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writePrivate(path.join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
}

export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, manifestName);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new StartError(`${folder} holds no backup: its ${manifestName} cannot be read (${error.message}).`);
  });
  try {
    return Manifest.parse(JSON.parse(text));
  } catch {
    throw new StartError(`${file} is damaged, or of a version of AOS that this one does not know.`);
  }
}
