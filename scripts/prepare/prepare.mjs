import path from 'node:path';
import { freshness, typescriptSources } from './freshness.mjs';
import { isInstalled } from './installed.mjs';
import { root, runStep } from './run.mjs';

const compilerSettings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Installs, generates and compiles what is missing or older than its sources. Answers whether all of it is there. */
export async function prepare({ install }) {
  return (await installPackages(install)) && (await generateClient()) && (await build());
}

async function installPackages(mayInstall) {
  if (isInstalled()) return true;
  if (!mayInstall) {
    console.error('The packages of package-lock.json are not installed: run `npm ci` first.');
    return false;
  }
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const { npm_execpath: npm } = process.env;
  const announcement = 'Installing packages (npm ci; about 1 minute, several on a slow line)';
  // Under `npm start` the same npm is used again.
  if (npm?.endsWith('.js')) return runStep(announcement, process.execPath, [npm, ...args]);
  return runStep(announcement, 'npm', args);
}

async function generateClient() {
  const state = freshness('prisma/generated/.made-from', [
    'prisma/schema.prisma',
    'prisma.config.ts',
    'package-lock.json',
  ]);
  if (state.isFresh) return true;
  state.begin();
  const prisma = path.join(root, 'node_modules/prisma/build/index.js');
  const made = await runStep('Generating the database client (about 5 s)', process.execPath, [prisma, 'generate']);
  if (made) state.done();
  return made;
}

async function build() {
  const state = freshness('dist/.made-from', [...typescriptSources(), 'prisma/schema.prisma', ...compilerSettings]);
  if (state.isFresh) return true;
  state.begin();
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const compile = [tsc, '-p', path.join(root, 'tsconfig.build.json')];
  if (!(await runStep('Compiling (about 20 s)', process.execPath, compile))) return false;
  const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs');
  const bundle = [tsx, path.join(root, 'scripts/build-workflow-bundle.ts')];
  if (!(await runStep('Bundling the workflows (about 5 s)', process.execPath, bundle))) return false;
  state.done();
  return true;
}
