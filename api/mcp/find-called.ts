import type { NamedToolRow } from '../../operations/tools/gateway-reads';
import type { GatewayServices, Session } from './session';
import { readToolName } from './tool-names';

/** What a message calls. */
export type Called =
  | ({ readonly kind: 'tool'; readonly name: string } & NamedToolRow)
  | { readonly kind: 'plane'; readonly planeId: string };

/** Undefined for a message that calls nothing, and for a name that nothing has. */
export async function findCalled(
  { gatewayReads }: Pick<GatewayServices, 'gatewayReads'>,
  { context, server }: Pick<Session, 'context' | 'server'>,
  body: unknown,
): Promise<Called | undefined> {
  const name = nameIn(body);
  const named = name === undefined ? undefined : readToolName(name, server);
  if (name === undefined || named === undefined || named.kind === 'plane') return named as Called | undefined;
  const row = await gatewayReads.findNamedTool(context.tenantId, named);
  return row === undefined ? undefined : { kind: 'tool', name, ...row };
}

function nameIn(body: unknown): string | undefined {
  const { method, params } = (body ?? {}) as { method?: unknown; params?: { name?: unknown } | null };
  return method === 'tools/call' && typeof params?.name === 'string' ? params.name : undefined;
}
