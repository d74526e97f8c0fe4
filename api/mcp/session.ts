import type { Logger } from 'pino';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { ApiServices, Caller } from '../services';

/** One request to the gateway. Nothing is kept between two of them. */
export interface Session {
  readonly context: ExecutionContext;
  readonly caller: Caller;
  /** The server at whose own address it came; undefined at the address of all. */
  readonly server: string | undefined;
  /** Clients of revisions before 2026-07-28 can be asked nothing in an answer. */
  readonly isModern: boolean;
  /** Scheme, host and port under which the caller sees the API. */
  readonly origin: string;
  readonly logger: Logger;
}

/** For whom something is listed, and at which address; undefined at that of all servers. */
export interface Listing {
  readonly tenantId: string;
  readonly roles: Caller['roles'];
  readonly server: string | undefined;
}

export function listingOf({ caller: { tenantId, roles }, server }: Pick<Session, 'caller' | 'server'>): Listing {
  return { tenantId, roles, server };
}

export type GatewayServices = Pick<
  ApiServices,
  | 'prisma'
  | 'gatewayReads'
  | 'dispatch'
  | 'toolCalls'
  | 'readServer'
  | 'retrieve'
  | 'auditDoor'
  | 'streams'
  | 'offers'
  | 'stateKeys'
  | 'version'
>;
