import { existsSync } from 'node:fs';
import path from 'node:path';
import pc from 'picocolors';
import type { Command } from 'commander';
import { addReadCommand } from '../add-command';
import { readCommonOptions } from '../common-options';
import type { CliRun } from '../deps';
import type { Finding } from '../doctor/check';
import { checkInstallation } from '../doctor/installation';
import { checkDisk, checkFiles, checkNode, checkPorts } from '../doctor/machine';
import { exitCodes } from '../exit-codes';

const checks = [checkNode, checkFiles, checkDisk, checkPorts, checkInstallation];

/** `aos doctor`; it works with nothing running too. */
export function addDoctorCommand(program: Command, run: CliRun): void {
  addReadCommand(program, 'doctor', 'look for everything that may be wrong, and say what to do').action(
    async (_options: unknown, command: Command) => {
      const { json, ...choice } = readCommonOptions(command);
      const patient = { deps: run, dataDir: dataDirOf(run), choice };
      const findings = (await Promise.all(checks.map((check) => check(patient)))).flat();
      const isHealthy = findings.every(({ status }) => status !== 'fail');
      const text =
        json === true
          ? `${JSON.stringify({ healthy: isHealthy, checks: findings }, null, 2)}\n`
          : render(findings, run);
      run.stdout.write(text);
      if (!isHealthy) run.exitCode = exitCodes.failed;
    },
  );
}

function dataDirOf({ env, cwd, projectRoot }: CliRun): string {
  const named = env.AOS_DATA_DIR ?? '';
  if (named !== '') return path.resolve(cwd, named);
  const here = path.join(cwd, '.aos');
  return existsSync(here) ? here : path.join(projectRoot, '.aos');
}

const checkWidth = 18;

function render(findings: readonly Finding[], { stdout, env }: CliRun): string {
  const { green, yellow, red, dim } = pc.createColors(stdout.isTTY && (env.NO_COLOR ?? '') === '');
  const marks = { ok: green('ok  '), warn: yellow('warn'), fail: red('fail'), skipped: dim('–   ') };
  return findings
    .map(({ check, status, message, next }) => {
      const line = `${marks[status]}  ${check.padEnd(checkWidth)}  ${message}\n`;
      return next === undefined ? line : `${line}      ${''.padEnd(checkWidth)}  next: ${next}\n`;
    })
    .join('');
}
