import type { CallToolResult } from '@modelcontextprotocol/server';
import type { CallView } from '../../contracts/api/tool-calls';
import type { EngineError } from '../../contracts/errors';
import { gatewayMeta } from '../../contracts/gateway';

export type Meta = Readonly<Record<string, unknown>>;

/** What an agent is told instead of a result: what, why, what to do next, and how to speak of it. */
export function told(sentences: readonly (string | undefined)[], meta: Meta): CallToolResult {
  const text = sentences
    .filter((each) => each !== undefined)
    .map(asSentence)
    .join(' ');
  return { content: [{ type: 'text', text }], isError: true, _meta: meta };
}

/** A call that was not taken on. */
export function tellRefusal(
  { code, reason, message, details, retryAfterSeconds }: EngineError,
  meta: Meta,
): CallToolResult {
  const word = reason ?? code;
  const { invocation_id: invocationId, evidence_id: evidenceId } = details ?? {};
  return told(
    [
      `Not called: ${message}`,
      ...fieldsOf(details?.field_errors),
      retryAfterSeconds === undefined ? advice[word] : `Try again in ${retryAfterSeconds} seconds`,
      about(word, invocationId ?? evidenceId),
    ],
    {
      ...meta,
      [gatewayMeta.outcome]: 'refused',
      [gatewayMeta.reason]: word,
      ...(typeof invocationId === 'string' && { [gatewayMeta.invocation]: invocationId }),
      ...(typeof evidenceId === 'string' && { [gatewayMeta.evidence]: evidenceId }),
    },
  );
}

/** A call that ended without a result of its server. */
export function tellEnd(view: CallView, meta: Meta): CallToolResult {
  const { status, error_code: reason, error_message: message, invocation_id: invocationId } = view;
  return told(
    [
      `${opening[status as keyof typeof opening]}${message === null ? '' : `: ${message}`}`,
      (reason === null ? undefined : advice[reason]) ?? next[status as keyof typeof next],
      about(reason ?? status, invocationId),
    ],
    meta,
  );
}

const opening = {
  failed: 'The call failed',
  unknown: 'Nobody can say whether the tool did what it was asked to',
  refused: 'The call was not sent',
  killed: 'The call was stopped before it was sent',
} as const;

const next = {
  failed: 'Call again under another key if that makes sense',
  unknown: 'Do not simply repeat it: find out what happened first, or ask an administrator to resolve the call',
  refused: 'Ask an administrator before you try again',
  killed: 'Call again, under another key, when the stop has been released',
} as const;

const advice: Readonly<Record<string, string>> = {
  validation_error: 'Correct the arguments and call again',
  key_reused: 'Take another key for another call',
  SWITCH_ENGAGED: 'Somebody has stopped this; call again when it is released',
  POLICY_DENIED: 'An administrator can say which policy this is, and change it',
  tool_disabled: 'An administrator can enable it',
  tool_definition_changed: 'List the tools again once it is approved',
  dangerous_tool_not_allowed: 'An administrator can grant it',
  server_offline: 'Call again later',
  approval_denied: 'A person has decided against it; do not repeat it unchanged',
  approval_expired: 'Call again under another key to ask once more',
  withdrawn: 'Call again under another key if it is wanted after all',
};

function fieldsOf(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return (errors as { field: string; message: string }[])
    .slice(1, 5)
    .map(({ field, message }) => `${field} ${message}`);
}

function about(word: string, id: unknown): string {
  return `(${word}${typeof id === 'string' ? `, ${id}` : ''})`;
}

function asSentence(text: string): string {
  return /[.)!?]$/.test(text) ? text : `${text}.`;
}
