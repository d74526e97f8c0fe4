import { readFile } from 'node:fs/promises';
import { loadStackConfig } from '../config';
import { loadSecrets } from '../scripts/stack/secrets';
import type { Draw } from './random';

const names = ['embedderKey', 'sqlPassword', 'wrongSqlPassword', 'urlPassword', 'headerValue', 'bearer'] as const;

/** What a run uses or hands over as secrets, and may be written down nowhere. */
export type PlantedSecrets = Readonly<Record<(typeof names)[number], string>>;

/** Texts that no encoding of addresses or JSON changes, and that stand nowhere by chance. */
export function plantSecrets(draw: Draw): PlantedSecrets {
  const hex = () => Array.from({ length: 24 }, () => draw.below(16).toString(16)).join('');
  return Object.fromEntries(names.map((name) => [name, `planted-${name}-${hex()}`])) as PlantedSecrets;
}

/** Before it in an address, or in the header that is made of both. */
export const urlUser = 'crawler';

/** Every text that the auditor looks for: what was planted, and what the installation made for itself. */
export async function secretTexts(planted: PlantedSecrets, dataDir: string): Promise<string[]> {
  const { masterKeyFile, signingKeyFile } = loadStackConfig({ AOS_DATA_DIR: dataDir });
  const master = await readFile(masterKeyFile);
  const [, signing = ''] = (await readFile(signingKeyFile, 'utf8')).split('\n');
  return [
    ...Object.values(planted),
    Buffer.from(`${urlUser}:${planted.urlPassword}`).toString('base64'),
    ...Object.values(await loadSecrets(dataDir)),
    ...(['hex', 'base64', 'base64url'] as const).map((encoding) => master.toString(encoding)),
    signing,
  ].filter((text) => text !== '');
}
