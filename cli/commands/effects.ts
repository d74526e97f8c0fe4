import { Option, type Command } from 'commander';
import { effectResolutions, effectStatuses, type EffectResolution } from '../../contracts/effects';
import { addListCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { action, type Session } from '../session';
import { column, renderFields, textColumn } from '../table';

/** `aos effects …` */
export function addEffectCommands(program: Command, run: CliRun): void {
  const effects = program.command('effects').description('what left the house, and what became of it');
  addListCommand(effects, 'list', 'effects with their outcomes, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(effectStatuses))
    .action(action(run, list));
  addWriteCommand(effects, 'resolve', 'say what became of an effect whose outcome nobody knows')
    .argument('<effect>', 'its id, as `aos effects list` shows it')
    .addOption(new Option('--outcome <outcome>', 'what became of it').choices(effectResolutions).makeOptionMandatory())
    .requiredOption('--reason <text>', 'how you know; it is kept in the audit')
    .action(action(run, resolve));
}

async function list(session: Session, { limit, status }: { limit: number; status?: string }): Promise<void> {
  session.showRows(await session.api.list('/effects', limit, { status }), columns, 'effect');
}

async function resolve(
  session: Session,
  intentId: string,
  { outcome, reason }: { outcome: EffectResolution; reason: string },
): Promise<void> {
  const data = await session.api.write('POST', `/effects/${encodeURIComponent(intentId)}/resolve`, { outcome, reason });
  session.show(data, () => renderFields(Object.entries(data)));
}

const columns = [
  column('effect', 'intent_id'),
  column('status', 'status'),
  column('subject', 'subject'),
  column('since', 'created_at'),
  column('outcome', 'outcome'),
  column('by', 'resolved_by'),
  textColumn('reason', 'reason'),
];
