import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../../config';
import { StartError } from './terminal';

/** The folder behind the one option that a command has. */
export function folderOption(name: string, usage: string): string {
  try {
    const { values } = parseArgs({ options: { [name]: { type: 'string' } } });
    const folder = values[name];
    if (typeof folder === 'string' && folder !== '') return path.resolve(folder);
  } catch {
    // What is wrong with the words says the usage as well.
  }
  throw new StartError(`Usage: ${usage}`);
}

/** Runs a command to its end; a reason that the person can do something about is told without a stack trace. */
export function runCommand(command: () => Promise<void>): void {
  command().then(
    () => process.exit(0),
    (error: Error) => {
      const isPlain = error instanceof ConfigError || error instanceof StartError;
      process.stderr.write(`${isPlain ? error.message : error.stack}\n`);
      process.exit(1);
    },
  );
}
