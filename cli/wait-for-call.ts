import type { Row } from './api-client';
import { exitCodes } from './exit-codes';
import { CliFailure } from './failures';
import type { Session } from './session';
import { printable, shortTime } from './text';
import { votesOf } from './votes';

const intervalMs = 2_000;

export interface CallWait {
  /** Where the call is found. */
  readonly path: string;
  readonly timeoutMs: number;
  /** The command that asks for the result later. */
  readonly again: string;
}

/** Looks at a call until it has ended, and tells each change of what it waits for. */
export async function waitForCall(session: Session, { path, timeoutMs, again }: CallWait): Promise<void> {
  const { run, api } = session;
  const until = run.now() + timeoutMs;
  let told = '';
  for (;;) {
    const call = await api.get(path);
    if (call['state'] === 'settled') return;
    const line = lineOf(call);
    if (line !== told) session.note(line);
    told = line;
    if (run.now() >= until) {
      const message = `timeout: the call has not ended within ${timeoutMs / 1000} s`;
      throw new CliFailure(message, exitCodes.tryLater, `it goes on; ask for its end with: ${again}`);
    }
    await run.sleep(intervalMs);
  }
}

function lineOf(call: Row): string {
  const id = printable(call['invocation_id']);
  const approval = call['approval'] as Row | null;
  if (call['state'] !== 'pending' || approval === null) return `${id} is being sent`;
  const expires = printable(shortTime(approval['expires_at']));
  return `${id} waits for approval ${printable(approval['approval_id'])}, ${votesOf(approval)}, until ${expires}`;
}
