import path from 'node:path';

/**
 * What a thread loads: the compiled worker when this file is compiled, else its source through tsx.
 * Jest and tsx transform modules of their own process only, so a thread from source needs its own loader.
 */
export function workerEntry(): { readonly filename: string; readonly execArgv: string[] } {
  if (!__filename.endsWith('.ts')) return { filename: path.join(__dirname, 'parse-document.worker.js'), execArgv: [] };
  return {
    filename: path.join(__dirname, 'parse-document.worker.ts'),
    execArgv: ['--require', require.resolve('tsx/cjs')],
  };
}
