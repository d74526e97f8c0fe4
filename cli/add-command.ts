import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from './common-options';
import { integerBetween } from './option-values';

const rowsDefault = 100;
const rowsMax = 100_000;

/** A command that changes something. */
export function addWriteCommand(
  parent: Command,
  usage: string,
  description: string,
  except: readonly (keyof CommonOptions)[] = [],
): Command {
  return addCommonOptions(parent.command(usage).description(description), except);
}

/** A command that only reads. */
export function addReadCommand(parent: Command, usage: string, description: string): Command {
  return addWriteCommand(parent, usage, description, ['idempotencyKey']);
}

/** A command that lists rows, page after page, up to `--limit`. */
export function addListCommand(parent: Command, usage: string, description: string): Command {
  return addReadCommand(parent, usage, description).option(
    '--limit <n>',
    'how many rows at most',
    integerBetween(1, rowsMax),
    rowsDefault,
  );
}
