import { tmpdir } from 'node:os';
import type { CliDeps } from '../../../cli/deps';
import { runCli } from '../../../cli/run-cli';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandSetting {
  readonly url?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly tty?: boolean;
  readonly columns?: number;
  readonly stdin?: string;
  /** What is typed, line by line, when the input is a terminal. */
  readonly typed?: readonly string[];
}

/** Runs `aos …` in this process, on a clock that passes when the command sleeps. */
export async function runCommand(args: readonly string[], setting: CommandSetting = {}): Promise<CommandResult> {
  const { url, env, cwd = tmpdir(), tty = false, columns = 120, stdin = '', typed } = setting;
  const lines = [...(typed ?? [])];
  let stdout = '';
  let stderr = '';
  let clock = 0;
  const sink = (take: (text: string) => void) => ({ isTTY: tty, columns, write: take });
  const deps: CliDeps = {
    env: env ?? (url === undefined ? {} : { AOS_API_URL: url, AOS_API_KEY: 'test-key' }),
    cwd,
    projectRoot: cwd,
    version: '1.2.3',
    stdout: sink((text) => (stdout += text)),
    stderr: sink((text) => (stderr += text)),
    stdin: {
      isTTY: typed !== undefined,
      read: async () => stdin,
      async ask(prompt) {
        stderr += prompt;
        return lines.shift();
      },
      async askHidden(prompt) {
        stderr += prompt;
        return lines.shift() ?? '';
      },
    },
    fetch,
    now: () => clock,
    sleep: (ms) => {
      clock += ms;
      return Promise.resolve();
    },
  };
  const exitCode = await runCli(args, deps);
  return { exitCode, stdout, stderr };
}
