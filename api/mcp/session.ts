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

export type GatewayServices = Pick<
  ApiServices,
  | 'prisma'
  | 'gatewayReads'
  | 'dispatch'
  | 'toolCalls'
  | 'readServer'
  | 'retrieve'
  | 'auditDoor'
  | 'stateKeys'
  | 'version'
>;
