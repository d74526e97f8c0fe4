import type { Row } from './api-client';
import { exitCodes, type ExitCode } from './exit-codes';
import type { Session } from './session';
import { renderFields } from './table';
import { printable, printableLines, shellWord, shortTime } from './text';

/** What the tool answered on standard output, how the call came out beside it. */
export function showCall(session: Session, call: Row, again: string): void {
  const status = String(call['status']);
  session.show(call, () => renderOutput(call['output']) ?? renderFields(Object.entries(told(call))));
  if (call['output'] !== null) session.note(summary(call));
  if (status === 'pending') session.note(waitsFor(call, again));
  if (status === 'running') session.note(`it goes on; ask for its end with: ${again}`);
  if (status === 'unknown') session.note(`nobody knows what became of it; find out, then: ${resolveCommand(call)}`);
  session.end(exitCodeOf[status] ?? exitCodes.ok);
}

const exitCodeOf: Readonly<Record<string, ExitCode>> = {
  pending: exitCodes.tryLater,
  running: exitCodes.tryLater,
  refused: exitCodes.policy,
  killed: exitCodes.policy,
  failed: exitCodes.failed,
  unknown: exitCodes.failed,
};

function waitsFor(call: Row, again: string): string {
  const approval = printable(call['approval_id']);
  return [
    `it waits for approval ${approval} until ${printable(shortTime(call['approval_expires_at']))}`,
    `another person decides: aos approvals approve ${approval} --reason "…"`,
    `its result is there afterwards: ${again}`,
  ].join('\n');
}

export function resolveCommand(call: Row): string {
  const [server, id] = [call['server_id'], call['invocation_id']].map((each) => shellWord(printable(each)));
  return `aos calls resolve ${server} ${id} --outcome succeeded|failed --reason "…"`;
}

function summary(call: Row): string {
  const took = typeof call['duration_ms'] === 'number' ? ` in ${call['duration_ms']} ms` : '';
  return `${printable(call['status'])}${took}, call ${printable(call['invocation_id'])}`;
}

function told(call: Row): Row {
  const names = [
    'status',
    'invocation_id',
    'approval_id',
    'error_code',
    'error_message',
    'policy_decision',
    'policy_id',
  ];
  return Object.fromEntries(names.map((name) => [name.replaceAll('_', ' '), call[name]]));
}

/** The text of an answer, and a word for what is no text; the structure where there is nothing else. */
function renderOutput(output: unknown): string | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const { content = [], structuredContent } = output as { content?: readonly Row[]; structuredContent?: unknown };
  if (content.length === 0) return `${JSON.stringify(structuredContent ?? null, null, 2)}\n`;
  return content.map((each) => `${renderContent(each)}\n`).join('');
}

function renderContent(each: Row): string {
  if (typeof each['text'] === 'string') return printableLines(each['text']);
  const resource = each['resource'] as Row | undefined;
  if (typeof resource?.['text'] === 'string') return printableLines(resource['text']);
  const details = [each['type'], each['mimeType'], each['uri'] ?? resource?.['uri']];
  return `[${details
    .filter((detail) => typeof detail === 'string')
    .map(printable)
    .join(' ')}]`;
}
