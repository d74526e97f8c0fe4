import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The fenced `sh` blocks of a Markdown file, in their order, as they stand. */
export function shellBlocks(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code.trim());
}

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Pastes a block into a shell that has nothing but the given environment, and stands in its HOME. */
export function runShell(block: string, env: NodeJS.ProcessEnv): Promise<ShellResult> {
  return new Promise((resolve) => {
    const options = { env, cwd: env.HOME, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile('sh', ['-euc', block], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdin?.end();
  });
}
