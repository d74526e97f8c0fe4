import { refusal } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { findOffered, offeredUrls } from '../../contracts/stdio-servers';
import { isStdioUrl, ServerDefinition } from '../../contracts/tool-schemas';
import type { ApiServices } from '../services';

/** A server whose address is not known to be out of reach; a name is judged when it is resolved, at each request. */
export function reachableServer(mayBeNamed: (url: string) => boolean): typeof ServerDefinition {
  return ServerDefinition.superRefine(({ url }, { addIssue }) => {
    if (!URL.canParse(url) || isStdioUrl(url) || mayBeNamed(url)) return;
    const message = 'not a public web address; an operator may open it by AOS_EGRESS_ALLOW';
    addIssue({ code: 'custom', path: ['url'], message });
  });
}

/** Refuses, on the record, a command that the operator does not offer to the tenant, with those that he does. */
export async function requireOffered(
  { stdioServers, auditDoor }: Pick<ApiServices, 'stdioServers' | 'auditDoor'>,
  context: ExecutionContext,
  { url }: Pick<ServerDefinition, 'url'>,
): Promise<void> {
  if (!isStdioUrl(url) || findOffered(stdioServers, context.tenantId, url) !== undefined) return;
  const offered = offeredUrls(stdioServers, context.tenantId);
  const others = offered.length === 0 ? 'and no other' : `but ${offered.join(', ')}`;
  const error = refusal('NOT_FOUND', `the operator offers no ${url} to this tenant, ${others}`, {
    details: { field: 'url' },
  });
  await auditDoor(context, error, 'servers.register');
  throw error;
}
