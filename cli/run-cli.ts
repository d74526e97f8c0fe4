import { CommanderError } from 'commander';
import type { CliDeps, CliRun } from './deps';
import { exitCodes, type ExitCode } from './exit-codes';
import { createProgram } from './program';
import { reportFailure } from './report-failure';

/** Runs one command line and returns its exit code; it never throws and never ends the process. */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<ExitCode> {
  const run: CliRun = { ...deps, exitCode: exitCodes.ok };
  try {
    await createProgram(run).parseAsync([...args], { from: 'user' });
    return run.exitCode;
  } catch (error) {
    // Commander has written its own sentence already; help and version end this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return reportFailure(error, run.stderr, run.env);
  }
}
