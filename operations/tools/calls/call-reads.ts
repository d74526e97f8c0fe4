import type { Selectable } from 'kysely';
import type { McpServer } from '../../../prisma/generated/database';
import type { Database } from '../../transaction/database';
import { readAsTenant } from '../../transaction/read';

export interface StoredCall {
  readonly state: string;
  /** Encrypted. */
  readonly input: Buffer | null;
  readonly serverId: string;
}

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
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('mcp_tool_calls')
          .select(['state', 'input', 'server_id as serverId'])
          .where('invocation_id', '=', invocationId)
          .executeTakeFirst(),
      ),
  };
}
