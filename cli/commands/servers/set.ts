import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { usageFailure } from '../../failures';
import { collected, integerBetween } from '../../option-values';
import { resolveCredential, resolvePolicy, serverPathOf } from '../../resolve-name';
import { action, type Session } from '../../session';

interface SetOptions {
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly suspend?: boolean;
  readonly resume?: boolean;
  readonly approval?: boolean;
  /** False to take it away. */
  readonly rate?: number | false;
  readonly per?: number;
  readonly policy?: string | false;
  readonly credential?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
}

/** `aos servers set` */
export function addServerSetCommand(servers: Command, run: CliRun): void {
  addWriteCommand(servers, 'set <server>', 'change how it may be used')
    .option('--enable', 'switch it on; its tools are looked at first')
    .option('--disable', 'switch it off')
    .option('--suspend', 'refuse its calls for now')
    .option('--resume', 'end a suspension; its tools are looked at first')
    .option('--approval', 'have a person approve each call')
    .option('--no-approval', 'leave that to the risk of each tool')
    .option('--rate <calls>', 'at most so many calls of the server', integerBetween(1, 100_000))
    .option('--no-rate', 'no limit for the server as a whole')
    .option('--per <seconds>', 'in how many seconds', integerBetween(1, 86_400))
    .option('--policy <policy>', 'the policy for tools that name none')
    .option('--no-policy', 'no such policy')
    .option('--credential <credential>', 'the stored secret to authorize requests with')
    .option('--description <text>', 'what it is for')
    .option('--tag <tag>', 'a word to find it by, in place of the former; may be repeated', collected)
    .action(action(run, set));
}

async function set(session: Session, server: string, options: SetOptions): Promise<void> {
  const change = await changeOf(session, options);
  if (Object.keys(change).length === 0) throw usageFailure('nothing to change was named');
  const data = await session.api.write('PUT', await serverPathOf(session, server), change);
  const next = typeof data['discovery_id'] === 'string' ? '; its tools are being looked at' : '';
  session.show(data, () => `server ${server} is changed${next}\n`);
}

async function changeOf(session: Session, options: SetOptions): Promise<Record<string, unknown>> {
  const { approval, rate, per, policy, credential, description, tag } = options;
  return {
    ...oneOf('enabled', { yes: options.enable, no: options.disable, named: '--enable and --disable' }),
    ...oneOf('suspended', { yes: options.suspend, no: options.resume, named: '--suspend and --resume' }),
    ...(approval === undefined ? {} : { requires_approval: approval }),
    ...(rate === undefined ? {} : { rate_limit_requests: rate === false ? null : rate }),
    ...(per === undefined ? {} : { rate_limit_window_seconds: per }),
    ...(policy === undefined
      ? {}
      : { default_policy_id: policy === false ? null : await resolvePolicy(session, policy) }),
    ...(credential === undefined ? {} : { credential_id: await resolveCredential(session, credential) }),
    ...(description === undefined ? {} : { description }),
    ...(tag === undefined ? {} : { tags: tag }),
  };
}

function oneOf(
  field: string,
  { yes, no, named }: { yes?: boolean | undefined; no?: boolean | undefined; named: string },
) {
  if (yes === true && no === true) throw usageFailure(`${named} exclude each other`);
  return yes === true || no === true ? { [field]: yes === true } : {};
}
