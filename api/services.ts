import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { SealSecret } from '../contracts/credentials';
import type { EngineError } from '../contracts/errors';
import type { Actor, ExecutionContext } from '../contracts/execution-context';
import type { LimitState, RateDefaults } from '../contracts/rate-limits';
import type { Role } from '../contracts/roles';
import type { StateKeys } from '../contracts/state-keys';
import type { StdioServers } from '../contracts/stdio-servers';
import type { Dispatch } from '../operations/catalogue';
import type { PrismaClient } from '../prisma/client';
import type { Retrieve } from '../retrieval/mediator';
import type { ReadServer } from '../retrieval/read-server';
import type { LookAtPlane } from '../operations/knowledge/plane-follow';
import type { GatewayReads } from '../operations/tools/gateway-reads';
import type { ReadPlane } from '../operations/knowledge/plane-read';
import type { PlaneFeeds } from './events/plane-feeds';
import type { Streams } from './events/streams';
import type { Metrics } from '../telemetry/metrics';
import type { Health } from './health';
import type { AllowedHosts } from './mcp/allowed-hosts';
import type { OfferFeeds } from './mcp/offer-feeds';
import type { PolicySimulations } from './tools/policy-simulation';
import type { ToolCalls } from './tools/tool-calls';

/** Who stands behind a key or a token, as it was found at the door. What it may do is decided again in each operation. */
export interface Caller {
  readonly actor: Actor;
  readonly tenantId: string;
  readonly tenantStatus: string;
  readonly roles: readonly Role[];
}

/** What the door knows after one look: who asks, and how its limits stand. */
export interface Admission {
  readonly caller: Caller;
  /** Empty where no limit was asked. */
  readonly limits: readonly LimitState[];
  readonly isAdmitted: boolean;
  /** The count of this caller's refusals has waited for a minute. */
  readonly isReportDue: boolean;
  /** Records what the credential brought with it and is not known yet; the caller gets in only after that. */
  readonly remember?: (context: ExecutionContext) => Promise<void>;
}

/** A request takes a token; a throw never does, and waits behind nobody's work; a stream that goes on has taken its own. */
export type Entrance = 'request' | 'throw' | 'open stream';

/** Undefined when the key is unknown, expired or revoked; throws why a token is not accepted. */
export type Authenticate = (credential: string, entrance: Entrance) => Promise<Admission | undefined>;

export type CountStranger = (
  address: string | undefined,
) => Promise<{ readonly isRecorded: boolean; readonly isReportDue: boolean }>;

export interface Uploads {
  put(
    tenantId: string,
    content: Readable,
    options: { bytesMax: number; signal?: AbortSignal },
  ): Promise<{ readonly sha256: string; readonly bytes: number }>;
}

/** Where exports lie: content-addressed, per tenant. */
export interface ExportFiles extends Uploads {
  read(tenantId: string, sha256: string): Promise<Readable>;
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
  readonly authenticate: Authenticate;
  readonly countStranger: CountStranger;
  /** Records how many requests of the context's actor were refused since the last record. */
  readonly reportRefusals: (context: ExecutionContext) => Promise<void>;
  readonly retrieve: Retrieve;
  /** Encrypts with the master key; `invalid_configuration` without one. */
  readonly sealSecret: SealSecret;
  readonly toolCalls: ToolCalls;
  readonly simulations: PolicySimulations;
  readonly readServer: ReadServer;
  readonly stateKeys: StateKeys;
  readonly mcpHosts: AllowedHosts;
  /** The issuers whose access tokens are accepted. */
  readonly tokenIssuers: readonly string[];
  readonly uploads: Uploads;
  readonly exportFiles: ExportFiles;
  /** Undefined when the engine keeps no schedule of this id. */
  readonly readSchedule: (scheduleId: string) => Promise<EngineSchedule | undefined>;
  /** False for a URL whose literal address is private and that no operator has opened. */
  readonly mayBeNamed: (url: string) => boolean;
  /** What the operator lets tenants run as tool servers. */
  readonly stdioServers: StdioServers;
  /** Records a refusal that no operation will see. */
  readonly auditDoor: (context: ExecutionContext, error: EngineError, action: string) => Promise<void>;
  readonly health: Health;
  readonly streams: Streams;
  readonly feeds: PlaneFeeds;
  readonly lookAtPlane: LookAtPlane;
  readonly readPlane: ReadPlane;
  readonly gatewayReads: GatewayReads;
  /** What the gateway offers, for whoever listens to its changes. */
  readonly offers: OfferFeeds;
  /** Which addresses in front of the API may say who the caller is, as Express's `trust proxy` takes it. */
  readonly trustProxy: number | readonly string[];
  readonly rates: RateDefaults;
  readonly version: string;
  readonly metrics: Metrics;
  /** Each request is a span. */
  readonly isTraced: boolean;
  readonly startedAt: Date;
  readonly logger: Logger;
}
