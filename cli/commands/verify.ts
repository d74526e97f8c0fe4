import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import pc from 'picocolors';
import type { Command } from 'commander';
import { parseVerifier, type Verifier } from '../../evidence/note';
import { verifyExport, type VerifyResult } from '../../evidence/verify/verify-export';
import { addReadCommand } from '../add-command';
import { readCommonOptions } from '../common-options';
import type { CliRun } from '../deps';
import { exitCodes } from '../exit-codes';
import { usageFailure } from '../failures';
import { collected } from '../option-values';
import { readText } from '../read-input';
import { readNote } from '../read-note';
import { renderVerification } from '../show-verification';

const help = `
It needs no server, no database, no network and no settings. Without --key the file's own keys are believed: whoever
made the file could have made them too. Get the key once, over a way you trust: aos audit checkpoint --keys`;

interface VerifyCommandOptions {
  readonly checkpoint?: readonly string[];
  readonly key?: readonly string[];
}

const chunkBytes = 1 << 18;

/** `aos verify` */
export function addVerifyCommand(program: Command, run: CliRun): void {
  addReadCommand(program, 'verify', 'check a file of evidence: exits with 0 only when nothing at all is wrong with it')
    .argument('<file>', 'written by `aos audit export`')
    .option(
      '--checkpoint <file|note>',
      'a checkpoint kept outside, which the file must agree with; may be repeated',
      collected,
    )
    .option('--key <key|file>', 'the key that must have signed, as name+id+base64; may be repeated', collected)
    .addHelpText('after', help)
    .action(async (file: string, options: VerifyCommandOptions, command: Command) => {
      const result = await verifyFile(file, options, run.cwd);
      const isJson = readCommonOptions(command).json === true;
      const colors = pc.createColors(run.stdout.isTTY && (run.env.NO_COLOR ?? '') === '' && !isJson);
      run.stdout.write(
        isJson ? `${JSON.stringify(asJson(result), null, 2)}\n` : renderVerification(result, file, colors),
      );
      if (!result.ok) run.exitCode = exitCodes.failed;
    });
}

async function verifyFile(file: string, { checkpoint = [], key = [] }: VerifyCommandOptions, cwd: string) {
  const keys = key.flatMap((given) => readKeys(given, cwd));
  const checkpoints = checkpoint.map((given) => readNote(given, cwd));
  const found = path.resolve(cwd, file);
  if (statSync(found, { throwIfNoEntry: false })?.isFile() !== true) throw usageFailure(`${file} is not a file`);
  return verifyExport(createReadStream(found, { highWaterMark: chunkBytes }), { keys, checkpoints });
}

function readKeys(given: string, cwd: string): Verifier[] {
  const text = existsSync(path.resolve(cwd, given)) ? readText(given, cwd) : given;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Without any key the file's own would be believed, and that was not asked for.
  if (lines.length === 0) throw usageFailure(`--key ${given}: there is no key in it`);
  try {
    return lines.map(parseVerifier);
  } catch (error) {
    throw usageFailure(`--key ${given}: ${(error as Error).message}`);
  }
}

function asJson({ ok, findings, findingsTotal, bytes, events, file }: VerifyResult) {
  return { ok, findings, findings_total: findingsTotal, bytes, events, file: file ?? null };
}
