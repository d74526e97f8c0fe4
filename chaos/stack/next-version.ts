import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { projectRoot } from '../../config';

export interface Version {
  /** Its programs, as `npm run build && npm run build:workflows` leave them. */
  readonly dist: string;
  readonly bundle: string;
}

const bundleName = 'workflow-bundle.js';
const workflowFile = 'knowledge-plane.ts';
const place = '  for (const stage of jobStages[kind] as readonly StageName[]) {\n';
const imported = `import { patched as chaosPatched, sleep as chaosSleep } from '@temporalio/workflow';\n`;
/** Behind the patch, before each stage of a job: a timer, so that the order of commands is another. */
const step = `    if (chaosPatched('chaos-next-version')) await chaosSleep(1, { summary: 'A step of the next version' });\n`;

export function thisVersion(): Version {
  const dist = path.join(projectRoot(), 'dist');
  const bundle = path.join(dist, bundleName);
  if (!existsSync(bundle)) throw new Error('Build first: npm run build && npm run build:workflows');
  return { dist, bundle };
}

/**
 * The version after this one, below the folder: the same programs, and workflows that were bundled from the same sources
 * with a further step in the work on planes, where `patched` lets old histories pass it by.
 */
export async function makeNextVersion(folder: string): Promise<Version> {
  const sources = path.join(folder, 'sources');
  await linkAll(projectRoot(), sources, ['workflows', 'dist', '.git']);
  await cp(path.join(projectRoot(), 'workflows'), path.join(sources, 'workflows'), { recursive: true });
  const file = path.join(sources, 'workflows', workflowFile);
  await writeFile(file, withStep(await readFile(file, 'utf8')));
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(sources, 'workflows'),
    workflowInterceptorModules: [path.join(sources, 'workflows/interceptors')],
    logger: new DefaultLogger('WARN'),
  });

  const installation = path.join(folder, 'installation');
  await linkAll(projectRoot(), installation, ['dist', '.git']);
  const dist = path.join(installation, 'dist');
  await cp(thisVersion().dist, dist, { recursive: true });
  const bundle = path.join(dist, bundleName);
  await writeFile(bundle, code);
  return { dist, bundle };
}

/** The workflow's source with the further step. Throws where the source has no such place any more. */
export function withStep(source: string): string {
  const pieces = source.split(place);
  if (pieces.length !== 2) throw new Error(`F12 finds no place for its step in workflows/${workflowFile}`);
  return imported + pieces.join(place + step);
}

async function linkAll(from: string, to: string, except: readonly string[]): Promise<void> {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter((name) => !except.includes(name));
  await Promise.all(names.map((name) => symlink(path.join(from, name), path.join(to, name))));
}
