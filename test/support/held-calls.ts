import type { ApiAnswer, ApiClient } from './api-client';
import { newKey } from './operations';
import type { RegisteredServer } from './tool-server';
import { until } from './until';

export interface HeldCall {
  readonly invocationId: string;
  readonly approvalId: string;
  /** Where the call is found. */
  readonly path: string;
  /** The same call again, under its key. */
  again(): Promise<ApiAnswer>;
}

interface Asked {
  readonly tool?: string;
  readonly input?: object;
  readonly key?: string;
}

export function invoke(
  api: ApiClient,
  server: RegisteredServer,
  { tool = 'read_note', input = { id: 'a' }, key = newKey() }: Asked = {},
): Promise<ApiAnswer> {
  const path = `/integrations/mcp-servers/${server.serverId}/tools/${server.tools[tool] ?? tool}/invoke`;
  return api.post(path, { input }, { key });
}

/** Makes a call that has to wait for people. */
export async function holdCall(api: ApiClient, server: RegisteredServer, asked: Asked = {}): Promise<HeldCall> {
  const key = newKey();
  const again = () => invoke(api, server, { key, ...asked });
  const { status, body } = await again();
  expect({ status, body }).toMatchObject({ status: 202, body: { data: { status: 'pending' } } });
  const { invocation_id: invocationId, approval_id: approvalId } = body.data;
  const path = `/integrations/mcp-servers/${server.serverId}/invocations/${invocationId}`;
  return { invocationId, approvalId, path, again };
}

export function decideCall(
  api: ApiClient,
  { approvalId }: Pick<HeldCall, 'approvalId'>,
  decision: 'approve' | 'deny' = 'approve',
): Promise<ApiAnswer> {
  return api.post(`/approvals/${approvalId}/decide`, { decision, reason: 'looked at it' });
}

/** The call once it has ended, as the API shows it. */
export async function endOfCall(api: ApiClient, { path }: Pick<HeldCall, 'path'>) {
  let last: ApiAnswer | undefined;
  await until(
    async () => {
      last = await api.get(path);
      return last.body?.data?.state === 'settled';
    },
    { what: 'the end of the call' },
  );
  return last?.body.data;
}
