import pc from 'picocolors';
import { adviceFor, repeatAdvice } from './advice';
import type { CliDeps, Sink } from './deps';
import { exitCodes, type ExitCode } from './exit-codes';
import { ApiFailure, CliFailure } from './failures';
import { printable } from './text';

/** Says what went wrong and what to do next, and returns the exit code for it. */
export function reportFailure(error: unknown, stderr: Sink, env: CliDeps['env']): ExitCode {
  const { red, bold } = pc.createColors(stderr.isTTY && (env.NO_COLOR ?? '') === '');
  const say = (headline: string, lines: readonly (readonly [string, unknown])[]) => {
    stderr.write(`${red(bold('aos:'))} ${printable(headline)}\n`);
    for (const [title, value] of lines) {
      if (value !== undefined) stderr.write(`  ${`${title}:`.padEnd(9)}${printable(value)}\n`);
    }
  };

  if (error instanceof ApiFailure) {
    const { code, reason, message, details, retry_after_seconds: retryAfter } = error.error;
    say(`${code}${reason === undefined ? '' : ` (${reason})`}: ${message}`, [
      ...Object.entries(details ?? {}).map(([name, value]) => ['detail', `${name}: ${printable(value)}`] as const),
      ['wait', retryAfter === undefined ? undefined : `${retryAfter} s`],
      ['next', adviceFor(error)],
      ['again', repeatAdvice(error)],
      ['request', error.context.requestId],
    ]);
    return error.exitCode;
  }
  if (error instanceof CliFailure) {
    say(error.message, [['next', error.next]]);
    return error.exitCode;
  }
  say(`unexpected: ${error instanceof Error ? error.message : String(error)}`, []);
  return exitCodes.failed;
}
