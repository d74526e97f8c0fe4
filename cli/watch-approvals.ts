import type { ApprovalDecision } from '../contracts/tool-calls';
import type { Row } from './api-client';
import { ApiFailure } from './failures';
import type { Session } from './session';
import { renderFields } from './table';
import { printable } from './text';
import { votesOf } from './votes';

const intervalMs = 2_000;
const rowsMax = 10_000;

/** Shows each waiting call once, oldest first, and goes on looking; ends when the time is over or the input is. */
export async function watchApprovals(session: Session, { timeout }: { timeout?: number }): Promise<void> {
  const { run } = session;
  const until = timeout === undefined ? Infinity : run.now() + timeout * 1000;
  let shown: ReadonlySet<string> | undefined;
  let isCutOff = false;
  for (;;) {
    const rows = await look(session, shown !== undefined);
    if (rows === undefined && !isCutOff) session.note('no answer for the moment; looking again');
    isCutOff = rows === undefined;
    for (const row of rows ?? []) {
      if (shown?.has(idOf(row)) === true) continue;
      if (!(await show(session, row))) return;
    }
    // What waits no more is forgotten, however long the watch.
    if (rows !== undefined) shown = new Set(rows.map(idOf));
    if (run.now() >= until) return;
    await run.sleep(intervalMs);
  }
}

/** Once there was an answer, a passing failure is ridden out. */
async function look({ api }: Session, isKnownToAnswer: boolean): Promise<readonly Row[] | undefined> {
  try {
    const { items } = await api.list('/approvals', rowsMax, { status: 'pending' });
    return items.toReversed();
  } catch (error) {
    if (isKnownToAnswer && error instanceof ApiFailure && error.error.category === 'transient') return undefined;
    throw error;
  }
}

/** False when nobody is there any more to answer. */
async function show(session: Session, row: Row): Promise<boolean> {
  const { stdout, stdin } = session.run;
  if (session.json) {
    stdout.write(`${JSON.stringify(row)}\n`);
    return true;
  }
  stdout.write(`${renderFields(fieldsOf(row))}\n`);
  if (stdin.isTTY && stdout.isTTY) return ask(session, idOf(row));
  stdout.write(`aos approvals approve ${printable(idOf(row))} --reason "…"\n\n`);
  return true;
}

async function ask(session: Session, approvalId: string): Promise<boolean> {
  const { stdin, stdout } = session.run;
  const answer = await stdin.ask('let it go on? y, n, or Enter to leave it: ');
  if (answer === undefined) return false;
  const decision = decisionOf(answer);
  if (decision === undefined) return true;
  const reason = await stdin.ask('why: ');
  if (reason === undefined) return false;
  if (reason.trim() === '') {
    stdout.write('left as it is: a decision needs a reason\n\n');
    return true;
  }
  stdout.write(`${await outcomeOf(session, { approvalId, decision, reason })}\n\n`);
  return true;
}

interface Said {
  readonly approvalId: string;
  readonly decision: ApprovalDecision;
  readonly reason: string;
}

/** Says yes or no to a waiting call. */
export function decide({ api }: Session, { approvalId, ...said }: Said): Promise<Row> {
  return api.write('POST', `/approvals/${encodeURIComponent(approvalId)}/decide`, said);
}

// What is refused here was decided by somebody else, or is not for this key to decide: the watch goes on.
async function outcomeOf(session: Session, said: Said): Promise<string> {
  try {
    const { decision } = await decide(session, said);
    return decision === null ? 'noted; another person has to approve too' : `it is decided: ${printable(decision)}`;
  } catch (error) {
    if (error instanceof ApiFailure) return `not decided: ${printable(error.message)}`;
    throw error;
  }
}

function decisionOf(answer: string): ApprovalDecision | undefined {
  const word = answer.trim().toLowerCase();
  if (word === 'y' || word === 'yes') return 'approve';
  return word === 'n' || word === 'no' ? 'deny' : undefined;
}

function idOf(row: Row): string {
  return String(row['approval_id']);
}

function fieldsOf(row: Row): (readonly [string, unknown])[] {
  return [
    ['approval', row['approval_id']],
    ['tool', `${String(row['server_name'])}/${String(row['tool_name'])}`],
    ['risk', row['risk_level']],
    ['arguments', row['input_preview']],
    ['why', row['reason']],
    ['asked by', row['requested_by']],
    ['approved', votesOf(row)],
    ['until', row['expires_at']],
  ];
}
