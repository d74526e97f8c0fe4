import type { Selectable } from 'kysely';
import type { McpServer } from '../../../prisma/generated/database';
import type { Database } from '../../transaction/database';
import { readAsTenant } from '../../transaction/read';

export interface StoredCall {
  readonly state: string;
  /** Encrypted. */
  readonly input: Buffer | null;
  readonly server: ReachedServer;
}

/** What of a server's row says how it is reached; the names are those of its columns. */
export type ReachedServer = Pick<
  Selectable<McpServer>,
  'server_id' | 'url' | 'transport' | 'auth_type' | 'credential_id'
>;

export interface CallReads {
  /** Undefined when the tenant has no such call. */
  readCall(tenantId: string, invocationId: string): Promise<StoredCall | undefined>;
}

export function createCallReads(db: Database): CallReads {
  return {
    readCall: (tenantId, invocationId) =>
      readAsTenant(db, tenantId, async (tx) => {
        const row = await tx
          .selectFrom('mcp_tool_calls as c')
          .innerJoin('mcp_servers as s', 's.server_id', 'c.server_id')
          .select(['c.state', 'c.input', 's.server_id', 's.url', 's.transport', 's.auth_type', 's.credential_id'])
          .where('c.invocation_id', '=', invocationId)
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const { state, input, ...server } = row;
        return { state, input, server };
      }),
  };
}
