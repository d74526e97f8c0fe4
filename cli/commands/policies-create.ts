import { Option, type Command } from 'commander';
import { addWriteCommand } from '../add-command';
import type { Row } from '../api-client';
import type { CliRun } from '../deps';
import { usageFailure } from '../failures';
import { readPolicyFile } from '../policy-file';
import { resolvePlane } from '../resolve-name';
import { action, type Session } from '../session';
import { renderFields } from '../table';
import { shellWord } from '../text';

interface CreateOptions {
  readonly from?: string;
  readonly allow?: readonly string[];
  readonly mode: string;
  readonly redactAt?: string;
  readonly description?: string;
}

/** `aos policies create`: rules about tools are too rich for flags, and come from the file that `simulate` tries. */
export function addCreateCommand(policies: Command, run: CliRun): void {
  addWriteCommand(policies, 'create <name>', 'draft a policy; it counts once it is activated')
    .option('--allow <plane...>', 'planes that may be read, by name or id; * for all that are not restricted')
    .addOption(new Option('--mode <mode>', 'how it is enforced').choices(['BLOCK', 'WARN', 'AUDIT']).default('BLOCK'))
    .addOption(
      new Option('--redact-at <level>', 'from which sensitivity on findings are masked in answers').choices([
        'public',
        'internal',
        'confidential',
        'restricted',
      ]),
    )
    .addOption(
      new Option(
        '--from <file>',
        'the policy as simulate takes it: JSON with enforcement_mode, BLOCK when absent, and conditions, tool_rules and tool_redactions among them',
      ).conflicts(['allow', 'mode', 'redactAt']),
    )
    .option('--description <text>', 'what it is for')
    .action(action(run, create));
}

async function create(session: Session, name: string, options: CreateOptions): Promise<void> {
  const policy = await session.api.write('POST', '/policies', {
    ...(options.from === undefined
      ? { enforcement_mode: options.mode, conditions: await conditionsOf(session, options) }
      : readPolicyFile(options.from, session.run.cwd)),
    name,
    ...(options.description !== undefined && { description: options.description }),
  });
  session.show(policy, () =>
    renderFields([
      ['policy', policy['policy_id']],
      ['name', policy['name'] ?? name],
      ['status', policy['status']],
      ['next', `aos policies activate ${shellWord(name)} --reason "…"`],
    ]),
  );
}

async function conditionsOf(session: Session, { allow, redactAt }: CreateOptions): Promise<Row> {
  if (allow === undefined) throw usageFailure('give --allow or --from: a policy has to say something');
  const allowed = await Promise.all(allow.map(async (each) => (each === '*' ? each : resolvePlane(session, each))));
  return { allowed_plane_ids: allowed, ...(redactAt !== undefined && { redact_at: redactAt }) };
}
