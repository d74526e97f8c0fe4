import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { effectResolutions, type EffectResolution } from '../../contracts/effects';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { Row } from '../api-client';
import type { CliRun } from '../deps';
import { parseJsonObject, readJsonObject } from '../read-input';
import { resolveTool, serverPathOf } from '../resolve-name';
import { action, type Session } from '../session';
import { resolveCommand, showCall } from '../show-call';
import { column, renderFields, textColumn, type Column } from '../table';
import { printable, shellWord } from '../text';
import { waitForCall } from '../wait-for-call';
import { watchTimeoutOption } from './planes/watch';

interface InvokeOptions {
  readonly input: string;
  readonly key?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** The pages of calls are smaller than those of other lists. */
const pageSize = 100;
/** A little more than the API waits for the end of a call. */
const answerTimeoutMs = 90_000;

/** `aos calls …`; servers and tools are given by name or id. */
export function addCallCommands(program: Command, run: CliRun): void {
  const calls = program.command('calls').description('calls of tools, and what became of them');
  addListCommand(calls, 'list <server>', 'the calls of a server by their evidence, newest first').action(
    action(run, list),
  );
  addReadCommand(calls, 'get <server> <call>', 'one call: decision, approval, effect, evidence').action(
    action(run, get),
  );
  addWriteCommand(calls, 'invoke <server> <tool>', 'call a tool')
    .option('--input <json|@file>', 'the arguments, a JSON object', '{}')
    .option('--key <key>', 'as --idempotency-key: the same key again is the same call')
    .option('--wait', 'wait for people who have to approve, and for the end of the call')
    .addOption(watchTimeoutOption())
    .action(action(run, invoke));
  addWriteCommand(calls, 'resolve <server> <call>', 'say what became of a call whose outcome nobody knows')
    .addOption(new Option('--outcome <outcome>', 'what became of it').choices(effectResolutions).makeOptionMandatory())
    .requiredOption('--reason <text>', 'how you know; it is kept in the audit')
    .action(action(run, resolve));
  addWriteCommand(calls, 'withdraw <server> <call>', 'take back a call of your own that was not sent yet').action(
    action(run, withdraw),
  );
}

async function list(session: Session, server: string, { limit }: { limit: number }): Promise<void> {
  const path = `${await serverPathOf(session, server)}/invocations`;
  session.showRows(await session.api.list(path, limit, {}, pageSize), columns, 'call');
}

async function get(session: Session, server: string, call: string): Promise<void> {
  const data = await session.api.get(await pathOf(session, server, call));
  session.show(data, () => renderFields(Object.entries(data)));
  const approval = data['approval'] as Row | null | undefined;
  if (data['state'] === 'pending') {
    session.note(`another person decides: aos approvals approve ${printable(approval?.['approval_id'])} --reason "…"`);
  }
  if (data['outcome'] === 'unknown') session.note(`find out what became of it, then: ${resolveCommand(data)}`);
}

async function invoke(session: Session, server: string, tool: string, options: InvokeOptions): Promise<void> {
  const input = readArguments(session, options.input);
  const serverPath = await serverPathOf(session, server);
  const path = `${serverPath}/tools/${encodeURIComponent(await resolveTool(session, serverPath, tool))}/invoke`;
  const idempotencyKey = options.key ?? session.idempotencyKey ?? randomUUID();
  const words = [server, tool, '--input', options.input, '--key', idempotencyKey].map(shellWord);
  const again = `aos calls invoke ${words.join(' ')}`;
  const send = () => session.api.write('POST', path, { input }, { idempotencyKey, timeoutMs: answerTimeoutMs });

  const first = await send();
  const isOpen = first['status'] === 'pending' || first['status'] === 'running';
  if (options.wait !== true || !isOpen) return showCall(session, first, again);
  const callPath = `${serverPath}/invocations/${encodeURIComponent(String(first['invocation_id']))}`;
  await waitForCall(session, { path: callPath, timeoutMs: options.timeout * 1000, again });
  showCall(session, await send(), again);
}

async function resolve(
  session: Session,
  server: string,
  call: string,
  { outcome, reason }: { outcome: EffectResolution; reason: string },
): Promise<void> {
  const path = `${await pathOf(session, server, call)}/resolve`;
  const data = await session.api.write('POST', path, { outcome, reason });
  session.show(data, () => renderFields(Object.entries(data)));
}

async function withdraw(session: Session, server: string, call: string): Promise<void> {
  const data = await session.api.write('POST', `${await pathOf(session, server, call)}/withdraw`);
  session.show(data, () => `call ${call} is withdrawn; it was never sent\n`);
}

async function pathOf(session: Session, server: string, call: string): Promise<string> {
  return `${await serverPathOf(session, server)}/invocations/${encodeURIComponent(call)}`;
}

function readArguments({ run }: Session, given: string): Row {
  return given.startsWith('@') ? readJsonObject(given.slice(1), run.cwd) : parseJsonObject(given, '--input');
}

const columns: readonly Column[] = [
  column('call', 'invocation_id'),
  column('at', 'invoked_at'),
  column('tool', 'tool_name'),
  column('outcome', 'outcome'),
  { title: 'later', value: ({ resolution }) => (resolution as Row | null | undefined)?.['outcome'] },
  column('policy', 'policy_decision'),
  column('ms', 'duration_ms'),
  column('who', 'actor_id'),
  textColumn('error', 'error_message', 'error_code'),
];
