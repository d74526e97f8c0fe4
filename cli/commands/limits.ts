import { Argument, type Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { integerBetween } from '../option-values';
import { action, type Session } from '../session';
import { column, textColumn } from '../table';
import { limitedSubjects } from '../../contracts/rate-limits';
import { requestsMax, secondsMax } from '../../contracts/api/rate-limits';

interface SetOptions {
  readonly reason: string;
  readonly per: number;
}

const operators = { roleDefault: () => 'operator' as const };
const subject = () => new Argument('<subject>', 'what is limited').choices(limitedSubjects);

/** `aos limits …`, with the operator's key unless another role is asked for. */
export function addLimitCommands(program: Command, run: CliRun): void {
  const limits = program
    .command('limits')
    .description('how many requests tenants, keys and planes may make (operator)');
  addListCommand(limits, 'list', 'the limits that differ from the defaults').action(action(run, list, operators));
  addReadCommand(limits, 'show', 'the limit that applies')
    .addArgument(subject())
    .argument('<id>')
    .action(action(run, show, operators));
  addWriteCommand(limits, 'set', 'give a tenant, a key or a plane a limit of its own')
    .addArgument(subject())
    .argument('<id>')
    .argument('<requests>', 'how many', integerBetween(1, requestsMax))
    .option('--per <seconds>', 'in how many seconds', integerBetween(1, secondsMax), 60)
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, set, operators));
  addWriteCommand(limits, 'clear', 'let the default hold again')
    .addArgument(subject())
    .argument('<id>')
    .action(action(run, clear, operators));
}

async function list(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/ops/rate-limits', limit), columns, 'limit');
}

async function show(session: Session, type: string, id: string): Promise<void> {
  const data = await session.api.get(pathOf(type, id));
  session.show(data, () => `${type} ${id}: ${rateOf(data)} (${String(data['source'])})\n`);
}

async function set(session: Session, type: string, id: string, requests: number, options: SetOptions): Promise<void> {
  const body = { subject_type: type, subject_id: id, requests, seconds: options.per, reason: options.reason };
  const data = await session.api.write('POST', '/ops/rate-limits', body);
  session.show(data, () => `${type} ${id}: ${rateOf(data)}\n`);
}

async function clear(session: Session, type: string, id: string): Promise<void> {
  const data = await session.api.write('DELETE', pathOf(type, id));
  session.show(data, () => `${type} ${id}: the default holds\n`);
}

function pathOf(type: string, id: string): string {
  return `/ops/rate-limits/${type}/${encodeURIComponent(id)}`;
}

function rateOf(data: Readonly<Record<string, unknown>>): string {
  return `${String(data['requests'])} requests per ${String(data['seconds'])} s`;
}

const columns = [
  column('what', 'subject_type'),
  column('id', 'subject_id'),
  column('tenant', 'tenant_id'),
  column('requests', 'requests'),
  column('seconds', 'seconds'),
  column('set', 'set_at'),
  column('by', 'set_by'),
  textColumn('reason', 'reason'),
];
