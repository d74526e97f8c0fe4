import { Argument, Option, type Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { resolvePlane, resolveServer } from '../resolve-name';
import { action, type Session } from '../session';
import { column, renderFields, textColumn } from '../table';

const scopes = ['global', 'tenant', 'capability', 'plane', 'server', 'run', 'integration'];
const kinds = ['kill', 'stop', 'pause', 'degraded'];

interface SwitchOptions {
  readonly reason: string;
  readonly kind?: string;
  readonly ofTenant?: string;
  readonly sla?: string;
  readonly onTimeout?: string;
}

interface ModeOptions {
  readonly reason: string;
  readonly scope?: string;
  readonly scopeId?: string;
}

// The global scope is the operator's alone, and in an emergency nobody should have to remember the option.
const operatorForGlobal = {
  roleDefault: ([scope]: readonly unknown[]) => (scope === 'global' ? 'operator' : undefined),
} as const;

/** `aos switch …` and `aos mode` */
export function addSwitchCommands(program: Command, run: CliRun): void {
  const switches = program.command('switch').description('stop work at once, and let it go on again');
  for (const verb of ['on', 'off'] as const) {
    const what = verb === 'on' ? 'throw a switch: work in its scope stops' : 'release a switch';
    addWriteCommand(switches, verb, what)
      .addArgument(new Argument('<scope>', 'what it covers').choices(scopes))
      .argument(
        '[id]',
        'a plane or tool server by name or id, or the id of what the scope names; without it the own tenant',
      )
      .requiredOption('--reason <text>', 'why; it is kept in the audit')
      .addOption(
        new Option(
          '--kind <kind>',
          'kill stops running work at once, stop and pause before its next step, degraded only new work',
        ).choices(kinds),
      )
      .option('--of-tenant <id>', 'for the operator: whose capability, server, run or integration')
      .option('--sla <seconds>', 'of a pause: how long work may wait (default: 3600)')
      .addOption(
        new Option('--on-timeout <what>', 'of a pause: what becomes of work that has waited so long').choices([
          'TERMINATE',
          'CONTINUE',
          'ESCALATE',
        ]),
      )
      .action(
        action(
          run,
          (session, scope: string, id: string | undefined, options: SwitchOptions) =>
            turn(session, verb, scope, id, options),
          operatorForGlobal,
        ),
      );
  }
  addListCommand(switches, 'list', 'the switches in reach of this key')
    .option('--executions', 'also those that kills left on the executions that they ended')
    .action(action(run, list));
  addReadCommand(switches, 'report', 'how the last throw of a switch reached the work in its scope')
    .argument('<switch>', 'its id, as `aos switch list` shows it')
    .action(action(run, report));
  addReadCommand(switches, 'state', 'the mode that applies to this key').action(action(run, state));

  addWriteCommand(program, 'mode', 'set the mode of the tenant, or of another scope')
    .addArgument(new Argument('<mode>', 'the mode').choices(['NORMAL', 'DEGRADED', 'KILL']))
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .addOption(new Option('--scope <scope>', 'what it covers (default: the own tenant)').choices(scopes))
    .option('--scope-id <id>', 'a plane or tool server by name or id, or a tenant id')
    .action(action(run, setMode));
}

async function turn(
  session: Session,
  verb: 'on' | 'off',
  scope: string,
  id: string | undefined,
  { reason, kind, ofTenant, sla, onTimeout }: SwitchOptions,
): Promise<void> {
  const data = await session.api.write('POST', '/governance/kill-switch', {
    enabled: verb === 'on',
    reason,
    ...(await scopeFields(session, scope, id)),
    ...(kind === undefined ? {} : { kind }),
    ...(ofTenant === undefined ? {} : { tenant_id: ofTenant }),
    ...(sla === undefined ? {} : { sla_seconds: Number(sla) }),
    ...(onTimeout === undefined ? {} : { on_timeout: onTimeout }),
  });
  session.show(data, () =>
    renderFields([
      ['switch', data['switch_id']],
      ['is', verb],
      ['scope', id === undefined ? scope : `${scope} ${id}`],
      ['epoch', data['epoch']],
      ['mode', data['current_mode']],
    ]),
  );
}

async function list(
  session: Session,
  { limit, executions = false }: { limit: number; executions?: boolean },
): Promise<void> {
  const query = { executions: executions ? 'include' : 'exclude' };
  session.showRows(await session.api.list('/governance/switches', limit, query), switchColumns, 'switch');
}

async function report(session: Session, switchId: string): Promise<void> {
  const data = await session.api.get(`/governance/switches/${encodeURIComponent(switchId)}/report`);
  session.show(data, () => renderFields(Object.entries(data)));
}

async function state(session: Session): Promise<void> {
  const data = await session.api.get('/governance/state');
  session.show(data, () => renderFields(Object.entries(data)));
}

async function setMode(session: Session, mode: string, { reason, scope, scopeId }: ModeOptions): Promise<void> {
  const fields = scope === undefined ? {} : await scopeFields(session, scope, scopeId);
  const data = await session.api.write('POST', '/governance/mode', { mode, reason, ...fields });
  session.show(data, () =>
    renderFields([
      ['was', data['previous_mode']],
      ['is', data['current_mode'] ?? mode],
      ['epoch', data['epoch']],
    ]),
  );
}

async function scopeFields(session: Session, scope: string, id: string | undefined) {
  if (id === undefined) return { scope };
  const resolve = byName[scope];
  return { scope, scope_id: resolve === undefined ? id : await resolve(session, id) };
}

// A name that is taken for an id would stop nothing, and say that it did.
const byName: Readonly<Record<string, (session: Session, given: string) => Promise<string>>> = {
  plane: resolvePlane,
  server: resolveServer,
};

const switchColumns = [
  column('switch', 'switch_id'),
  column('kind', 'kind'),
  column('scope', 'scope'),
  column('id', 'scope_id'),
  column('on', 'enabled'),
  column('epoch', 'epoch'),
  column('actor', 'actor_id'),
  column('changed', 'updated_at', 'created_at'),
  textColumn('reason', 'reason'),
];
