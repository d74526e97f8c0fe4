import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { RetrievalHit, RetrievalRequest } from '../contracts/retrieval';
import type { Role } from '../contracts/roles';
import type { Dispatch } from '../operations/catalogue';
import type { PrismaClient } from '../prisma/client';

/** Who stands behind a key, as the key was found at the door. What it may do is decided again in each operation. */
export interface Caller {
  readonly keyId: string;
  readonly tenantId: string;
  readonly tenantStatus: string;
  readonly roles: readonly Role[];
}

export interface RetrievalAnswer {
  readonly hits: readonly RetrievalHit[];
  readonly evidence_id: string;
  readonly query_hash: string;
  readonly tokens_consumed: number;
  readonly policy_snapshot_id: string;
  readonly documents?: readonly unknown[];
  readonly next_cursor?: string | null;
}

export interface Uploads {
  put(
    tenantId: string,
    content: Readable,
    options: { bytesMax: number; signal?: AbortSignal },
  ): Promise<{ readonly sha256: string; readonly bytes: number }>;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly components: Readonly<Record<string, { readonly healthy: boolean; readonly message?: string }>>;
}

/** Everything that the routes stand on; the composition root makes it. */
export interface ApiServices {
  readonly dispatch: Dispatch;
  /** Logs in as `aos_app`: rows are seen only in a transaction that names its tenant. */
  readonly prisma: PrismaClient;
  readonly authenticate: (key: string) => Promise<Caller | undefined>;
  readonly retrieve: (context: ExecutionContext, request: RetrievalRequest) => Promise<RetrievalAnswer>;
  readonly uploads: Uploads;
  /** Records a refusal that no operation will see. */
  readonly auditDoor: (context: ExecutionContext, error: EngineError, action: string) => Promise<void>;
  readonly health: { ready(): Promise<HealthReport>; bootStatus(): Promise<HealthReport> };
  readonly version: string;
  readonly startedAt: Date;
  readonly logger: Logger;
}
