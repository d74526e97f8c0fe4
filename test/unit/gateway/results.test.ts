import { Server, type ServerContext } from '@modelcontextprotocol/server';
import { settledResult } from '../../../api/mcp/settled-result';
import { tellEnd, tellRefusal } from '../../../api/mcp/told';
import { waitingResult } from '../../../api/mcp/waiting-result';
import type { CallView } from '../../../contracts/api/tool-calls';
import { EngineError, refusal } from '../../../contracts/errors';
import type { CallOutcome } from '../../../contracts/tool-calls';

const time = '2026-03-01T10:00:00.000Z';

function viewOf(changes: Partial<CallView>): CallView {
  return {
    invocation_id: 'inv_0123456789abcdef',
    server_id: 'mcp_0123456789ab',
    tool_id: 'tool_0123456789ab',
    tool_name: 'read_note',
    status: 'succeeded',
    state: 'settled',
    output: null,
    error_code: null,
    error_message: null,
    duration_ms: 1,
    policy_decision: 'allowed',
    policy_id: null,
    policy_snapshot_id: null,
    approval_id: null,
    approval_expires_at: null,
    requested_at: time,
    settled_at: time,
    ...changes,
  };
}

const textOf = ({ content }: { [member: string]: unknown }) => (content as { text: string }[])[0]?.text;
const meta = { 'io.aos/outcome': 'x' };

it.each([
  ['failed', 'network_error', 'The call failed: no answer. Call again under another key if that makes sense.'],
  [
    'unknown',
    'timeout',
    'Nobody can say whether the tool did what it was asked to: no answer. Do not simply repeat it',
  ],
  ['refused', 'approval_denied', 'The call was not sent: no answer. A person has decided against it'],
  [
    'killed',
    'action_blocked',
    'The call was stopped before it was sent: no answer. Call again, under another key, when',
  ],
] as const)('tells that a call %s, why, what to do next and its id', (status, reason, beginning) => {
  const view = viewOf({ status: status satisfies CallOutcome, error_code: reason, error_message: 'no answer' });
  const result = tellEnd(view, meta);
  expect(result).toMatchObject({ isError: true, _meta: meta });
  expect(textOf(result)?.startsWith(beginning)).toBe(true);
  expect(textOf(result)?.endsWith(`(${reason}, inv_0123456789abcdef)`)).toBe(true);
});

it('tells every field that does not fit, and when to try again', () => {
  const fields = [
    { field: '/a', message: 'is missing' },
    { field: '/b', message: 'is no number' },
  ];
  const wrong = refusal('validation_error', 'the arguments do not fit the tool: /a is missing', {
    details: { field_errors: fields, invocation_id: 'inv_0123456789abcdef' },
  });
  expect(textOf(tellRefusal(wrong, {}))).toBe(
    'Not called: the arguments do not fit the tool: /a is missing. /b is no number. ' +
      'Correct the arguments and call again. (validation_error, inv_0123456789abcdef)',
  );
  const fast = new EngineError('rate_limit_policy', 'too many calls', { retryAfterSeconds: 7 });
  expect(textOf(tellRefusal(fast, {}))).toBe('Not called: too many calls. Try again in 7 seconds. (rate_limit_policy)');
});

describe('what a server answered', () => {
  const server = new Server({ name: 'aos', version: '1' }, { capabilities: { tools: {} } });
  const output = {
    content: [
      { type: 'text', text: 'a', 'x-new': 1 },
      { type: 'hologram', beam: 7 },
    ],
    structuredContent: [1, 2],
    'x-member': true,
    _meta: { 'example.org/a': 1, 'io.modelcontextprotocol/serverInfo': { name: 'other', version: '0' } },
  };
  const view = viewOf({ output });

  it('is passed on whole, but for the name of who answers', () => {
    const form = { server, outputSchema: undefined, isModern: true, meta };
    expect(settledResult(view, form)).toEqual({ ...output, _meta: { 'example.org/a': 1, ...meta } });
  });

  it('is wrapped for older revisions where it is no object', () => {
    const result = settledResult(view, { server, outputSchema: { type: 'array' }, isModern: false, meta });
    expect(result.structuredContent).toEqual({ result: [1, 2] });
    expect(result.content).toEqual(output.content);
  });
});

describe('a call that is still running', () => {
  const keys = {
    current: async () => ({ keyId: 'mk_0', key: Buffer.alloc(32, 1) }),
    find: async () => Buffer.alloc(32, 1),
  };
  const context = {
    tenantId: 'ten_1',
    actor: { id: 'key_1', type: 'machine' },
    requestId: 'r',
    traceId: 't',
    runId: 'r',
    source: 'sdk',
  } as const;
  const ctx = { mcpReq: {} } as unknown as ServerContext;
  const wait = (isModern: boolean) =>
    waitingResult(
      { stateKeys: keys },
      { context, isModern, origin: 'http://127.0.0.1:7080' },
      viewOf({ status: 'running', state: 'dispatched' }),
      { ctx, key: 'my-key', meta },
    );

  it('is asked for again by a client that can, without a question', async () => {
    const result = await wait(true);
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.stringMatching(/^mk_0\.v1\./) });
    expect(result).not.toHaveProperty('inputRequests');
  });

  it('is told to any other, with its key', async () => {
    const result = await wait(false);
    expect(result).toMatchObject({ isError: true });
    expect(textOf(result)).toContain('_meta["io.aos/idempotency-key"] = "my-key"');
  });
});
