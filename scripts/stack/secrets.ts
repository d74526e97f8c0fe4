import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readJson, writePrivate } from './files';

const names = ['superuser', 'owner', 'app', 'system'] as const;

/** Passwords of the database roles that this installation made. */
export type Secrets = Record<(typeof names)[number], string>;

/** Made once, then kept beside the data, for their owner's eyes only. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = path.join(dataDir, 'secrets.json');
  const kept = (await readJson<Partial<Secrets>>(file)) ?? {};
  const secrets = Object.fromEntries(
    names.map((name) => [name, kept[name] ?? randomBytes(24).toString('base64url')]),
  ) as Secrets;
  if (names.some((name) => kept[name] === undefined)) await writePrivate(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}
