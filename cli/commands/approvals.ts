import { Option, type Command } from 'commander';
import { approvalStatuses, type ApprovalDecision } from '../../contracts/tool-calls';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { Row } from '../api-client';
import type { CliRun } from '../deps';
import { integerBetween } from '../option-values';
import { action, type Session } from '../session';
import { column, renderFields, textColumn, type Column } from '../table';
import { votesOf } from '../votes';
import { decide, watchApprovals } from '../watch-approvals';

const timeoutSecondsMax = 86_400;

/** `aos approvals …` */
export function addApprovalCommands(program: Command, run: CliRun): void {
  const approvals = program.command('approvals').description('calls of tools that wait for a person');
  addListCommand(approvals, 'list', 'what people are asked, or were, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(approvalStatuses))
    .action(action(run, list));
  addReadCommand(approvals, 'get <approval>', 'one approval, with what was said so far').action(action(run, get));
  addWriteCommand(approvals, 'approve <approval>', 'let a call go on; whoever asked for it may not')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, (session, id: string, options: ReasonOption) => say(session, id, 'approve', options)));
  addWriteCommand(approvals, 'deny <approval>', 'refuse a call')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, (session, id: string, options: ReasonOption) => say(session, id, 'deny', options)));
  addReadCommand(approvals, 'watch', 'show waiting calls as they come, and ask about each in a terminal')
    .option('--timeout <seconds>', 'stop after this time', integerBetween(1, timeoutSecondsMax))
    .action(action(run, watchApprovals));
}

interface ReasonOption {
  readonly reason: string;
}

async function list(session: Session, { limit, status }: { limit: number; status?: string }): Promise<void> {
  session.showRows(await session.api.list('/approvals', limit, { status }), columns, 'approval');
}

async function get(session: Session, approvalId: string): Promise<void> {
  const data = await session.api.get(`/approvals/${encodeURIComponent(approvalId)}`);
  session.show(data, () => renderFields(Object.entries(data)));
}

async function say(
  session: Session,
  approvalId: string,
  decision: ApprovalDecision,
  { reason }: ReasonOption,
): Promise<void> {
  const data = await decide(session, { approvalId, decision, reason });
  session.show(data, () => renderFields(Object.entries(data)));
  if (data['decision'] === null) session.note('another person has to approve too');
}

const columns: readonly Column[] = [
  column('approval', 'approval_id'),
  column('status', 'decision', 'status'),
  { title: 'tool', value: toolOf },
  column('risk', 'risk_level'),
  column('who', 'requested_by'),
  { title: 'votes', value: votesOf },
  column('until', 'expires_at'),
  textColumn('arguments', 'input_preview'),
  textColumn('why', 'reason'),
];

function toolOf({ server_name: server, tool_name: tool }: Row): string {
  return `${String(server)}/${String(tool)}`;
}
