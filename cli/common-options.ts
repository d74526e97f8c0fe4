import { Option, type Command } from 'commander';
import { keyNames, type KeyName } from './credentials';

/** Options that every command takes, before or after its name. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly role?: KeyName;
  readonly idempotencyKey?: string;
}

const commonNames = ['json', 'tenant', 'role', 'idempotencyKey'] as const satisfies readonly (keyof CommonOptions)[];

const make: Readonly<Record<keyof CommonOptions, () => Option>> = {
  json: () => new Option('--json', 'print the data as JSON and nothing else'),
  tenant: () => new Option('--tenant <id|number>', 'whose key of credentials.json (default: the first tenant)'),
  role: () => new Option('--role <role>', 'which key of credentials.json (default: admin)').choices(keyNames),
  idempotencyKey: () =>
    new Option('--idempotency-key <key>', 'sent with a write, so that a repetition takes effect once'),
};

/** Adds the common options to a command, except those whose names it needs itself. */
export function addCommonOptions(command: Command, except: readonly (keyof CommonOptions)[] = []): Command {
  for (const name of commonNames.filter((each) => !except.includes(each))) command.addOption(make[name]());
  return command;
}

/** What was given anywhere on the line; the place nearest to the command wins. */
export function readCommonOptions(command: Command, own: readonly (keyof CommonOptions)[] = []): CommonOptions {
  const outer = command.parent === null ? {} : readCommonOptions(command.parent);
  const here = command.opts<Record<string, unknown>>();
  const names = commonNames.filter((name) => !own.includes(name) && here[name] !== undefined);
  return { ...outer, ...Object.fromEntries(names.map((name) => [name, here[name]])) };
}
