import { createRequestStateCodec, type ServerContext } from '@modelcontextprotocol/server';
import type { ExecutionContext } from '../../contracts/execution-context';
import { WaitingCall } from '../../contracts/gateway';
import type { StateKeys } from '../../contracts/state-keys';
import { callLimits } from '../../contracts/tool-calls';
import { invalidParams } from './protocol-errors';

// A little longer than people have to decide, so that the end of the wait can still be told.
const ttlSeconds = callLimits.approvalMs / 1_000 + 3_600;

/** Signed for its caller: nobody else's comes back as good, and none comes back changed. */
export async function mintState(
  keys: StateKeys,
  { context, ctx }: { readonly context: ExecutionContext; readonly ctx: ServerContext },
  call: WaitingCall,
): Promise<string> {
  const { keyId, key } = await keys.current(context.tenantId);
  return `${keyId}.${await codecOf(key, context).mint(call, ctx)}`;
}

export async function openState(
  keys: StateKeys,
  { context, ctx }: { readonly context: ExecutionContext; readonly ctx: ServerContext },
  state: unknown,
): Promise<WaitingCall> {
  const [, keyId, signed] = /^([^.]{1,64})\.(.{1,4096})$/s.exec(typeof state === 'string' ? state : '') ?? [];
  const key = keyId === undefined ? undefined : await keys.find(context.tenantId, keyId);
  if (key === undefined || signed === undefined) throw unusable();
  try {
    return WaitingCall.parse(await codecOf(key, context).verify(signed, ctx));
  } catch {
    throw unusable();
  }
}

function codecOf(key: Uint8Array, { tenantId, actor }: ExecutionContext) {
  return createRequestStateCodec<WaitingCall>({ key, ttlSeconds, bind: () => `${tenantId} ${actor.id}` });
}

function unusable() {
  return invalidParams('Invalid or expired requestState; make the call again without one');
}
