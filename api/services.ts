import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { Role } from '../contracts/roles';
import type { Dispatch } from '../operations/catalogue';
import type { PrismaClient } from '../prisma/client';
import type { Retrieve } from '../retrieval/mediator';
import type { LookAtPlane } from '../operations/knowledge/plane-follow';
import type { PlaneFeeds } from './events/plane-feeds';
import type { Streams } from './events/streams';
import type { Metrics } from '../telemetry/metrics';
import type { Health } from './health';

/** Who stands behind a key, as the key was found at the door. What it may do is decided again in each operation. */
export interface Caller {
  readonly keyId: string;
  readonly tenantId: string;
  readonly tenantStatus: string;
  readonly roles: readonly Role[];
}

export interface Uploads {
  put(
    tenantId: string,
    content: Readable,
    options: { bytesMax: number; signal?: AbortSignal },
  ): Promise<{ readonly sha256: string; readonly bytes: number }>;
}

/** What the engine knows of a schedule that the rows do not. */
export interface EngineSchedule {
  readonly nextRunAt: Date | undefined;
  readonly skippedByOverlap: number;
}

/** Everything that the routes stand on; the composition root makes it. */
export interface ApiServices {
  readonly dispatch: Dispatch;
  /** Logs in as `aos_app`: rows are seen only in a transaction that names its tenant. */
  readonly prisma: PrismaClient;
  readonly authenticate: (key: string) => Promise<Caller | undefined>;
  readonly retrieve: Retrieve;
  readonly uploads: Uploads;
  /** Undefined when the engine keeps no schedule of this id. */
  readonly readSchedule: (scheduleId: string) => Promise<EngineSchedule | undefined>;
  /** Records a refusal that no operation will see. */
  readonly auditDoor: (context: ExecutionContext, error: EngineError, action: string) => Promise<void>;
  readonly health: Health;
  readonly streams: Streams;
  readonly feeds: PlaneFeeds;
  readonly lookAtPlane: LookAtPlane;
  readonly version: string;
  readonly metrics: Metrics;
  /** Each request is a span. */
  readonly isTraced: boolean;
  readonly startedAt: Date;
  readonly logger: Logger;
}
