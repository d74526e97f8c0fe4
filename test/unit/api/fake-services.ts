import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { createStreams } from '../../../api/events/streams';
import type { ApiServices, Caller } from '../../../api/services';
import type { EngineError } from '../../../contracts/errors';
import type { ExecutionContext } from '../../../contracts/execution-context';
import { rateDefaults } from '../../../contracts/rate-limits';
import type { Role } from '../../../contracts/roles';
import { createMetrics } from '../../../telemetry/metrics';

export const tenantId = 'ten_000000000001';
export const planeId = 'kp_0123456789ab';

export interface Dispatched {
  readonly context: ExecutionContext;
  readonly name: string;
  readonly params: Record<string, unknown>;
  readonly idempotencyKey: string;
}

export interface Refused {
  readonly context: ExecutionContext;
  readonly error: EngineError;
  readonly action: string;
}

export interface FakeServices extends ApiServices {
  readonly dispatched: Dispatched[];
  readonly refused: Refused[];
  readonly stored: { tenantId: string; sha256: string; bytes: number }[];
  readonly logLines: Record<string, unknown>[];
  /** Answers an operation from now on; what is thrown is its refusal. */
  answer(name: string, answer: (params: Record<string, unknown>) => unknown): void;
  /** Answers a call of the read client, such as `knowledgePlane.findFirst`. */
  read(call: string, answer: (args: unknown) => unknown): void;
}

const roles: Readonly<Record<string, readonly Role[]>> = {
  'admin-key': ['admin'],
  'developer-key': ['developer'],
  'viewer-key': ['viewer'],
  'auditor-key': ['auditor'],
  'operator-key': ['operator'],
};

/** Services of which nothing leaves the process; keys are named after their role. */
export function createFakeServices(overrides: Partial<ApiServices> = {}): FakeServices {
  const dispatched: Dispatched[] = [];
  const refused: Refused[] = [];
  const stored: FakeServices['stored'] = [];
  const logLines: Record<string, unknown>[] = [];
  const answers = new Map<string, (params: Record<string, unknown>) => unknown>();
  const reads = new Map<string, (args: unknown) => unknown>();
  const healthy = { ready: true, components: { database: { healthy: true } } };

  const dispatch = async (
    context: ExecutionContext,
    name: string,
    { params, idempotencyKey }: { params: Record<string, unknown>; idempotencyKey: string },
  ) => {
    dispatched.push({ context, name, params, idempotencyKey });
    const answer = answers.get(name);
    if (answer === undefined) throw new Error(`no answer for ${name}`);
    return answer(params);
  };

  return {
    dispatch: dispatch as never,
    prisma: fakePrisma(reads) as never,
    async authenticate(key) {
      const caller = callerOf(key);
      return caller === undefined ? undefined : { caller, limits: [], isAdmitted: true, isReportDue: false };
    },
    countStranger: async () => ({ isRecorded: true, isReportDue: false }),
    reportRefusals: async () => {},
    trustProxy: [],
    rates: rateDefaults,
    retrieve: async () => {
      throw new Error('no retrieval');
    },
    sealSecret: async ({ secretVersion }) => ({
      sealed: { secretVersion, keyId: 'mk_0', nonce: '', ciphertext: '', tag: '' },
      standIn: 'stand-in',
    }),
    toolCalls: {
      async call() {
        throw new Error('no tools');
      },
      look: async () => undefined,
    },
    simulations: {
      async simulate() {
        throw new Error('no calls');
      },
    },
    readServer: async () => {
      throw new Error('no servers');
    },
    stateKeys: {
      current: async () => ({ keyId: 'mk_0', key: Buffer.alloc(32, 1) }),
      find: async () => Buffer.alloc(32, 1),
    },
    tokenIssuers: [],
    mcpHosts: { names: ['127.0.0.1', 'localhost'], areHostsChecked: true },
    uploads: {
      async put(tenant, content) {
        const file = await digest(content);
        stored.push({ tenantId: tenant, ...file });
        return file;
      },
    },
    exportFiles: {
      async put(tenant, content) {
        const file = await digest(content);
        stored.push({ tenantId: tenant, ...file });
        return file;
      },
      read: async () => Readable.from(['file']),
    },
    mayBeNamed: () => true,
    stdioServers: {},
    streams: createStreams(),
    feeds: {
      take: () => {
        throw new Error('no feed');
      },
    },
    offers: {
      take: () => {
        throw new Error('no feed');
      },
    },
    lookAtPlane: async () => undefined,
    readPlane: async () => undefined,
    gatewayReads: { listOffered: async () => ({ rows: [], next: null }), findNamedTool: async () => undefined },
    readSchedule: async () => undefined,
    auditDoor: async (context, error, action) => void refused.push({ context, error, action }),
    health: { ready: async () => healthy, bootStatus: async () => healthy, guard: async () => healthy },
    isTraced: false,
    metrics: createMetrics({ version: '0.0.0' }),
    version: '1.2.3',
    startedAt: new Date('2026-03-01T10:00:00Z'),
    logger: pino(
      { level: 'info' },
      { write: (line: string) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    ...overrides,
    dispatched,
    refused,
    stored,
    logLines,
    answer: (name, answer) => void answers.set(name, answer),
    read: (call, answer) => void reads.set(call, answer),
  };
}

function callerOf(key: string): Caller | undefined {
  const found = roles[key.replace('suspended-', '')];
  if (found === undefined) return undefined;
  return {
    actor: { id: `key_${found[0]}`, type: 'machine', keyId: `key_${found[0]}` },
    tenantId: key === 'operator-key' ? 'platform' : tenantId,
    tenantStatus: key.startsWith('suspended-') ? 'suspended' : 'active',
    roles: found,
  };
}

async function digest(content: Readable): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

function fakePrisma(reads: Map<string, (args: unknown) => unknown>) {
  const call = async (name: string, args: unknown) => {
    const answer = reads.get(name);
    if (answer === undefined) throw new Error(`no rows for ${name}`);
    return answer(args);
  };
  const model = (name: string) =>
    new Proxy({}, { get: (_target, verb) => (args: unknown) => call(`${name}.${String(verb)}`, args) });
  const tx = new Proxy(
    {},
    {
      get: (_target, name) =>
        name === '$queryRaw'
          ? async ([sql]: TemplateStringsArray) => (sql?.includes('set_config') ? [] : call('$queryRaw', sql))
          : model(String(name)),
    },
  );
  return { $transaction: (work: (client: unknown) => unknown) => work(tx) };
}

export function planeRow(changes: Record<string, unknown> = {}) {
  return {
    planeId,
    tenantId,
    name: 'handbook',
    planeType: 'private',
    description: null,
    status: 'draft',
    lifecycleStateValue: 100,
    statusReason: null,
    nextAction: null,
    lastTransitionAt: null,
    activeJobId: null,
    onboard: false,
    defaultPolicy: 'DENY',
    unreadableTolerance: 0.1,
    embeddingModel: null,
    embeddingDimension: null,
    chunkSize: 512,
    chunkOverlap: 50,
    nodeCount: 0,
    documentCount: 0,
    totalBytes: 0n,
    lastIndexedAt: null,
    sensitivityLevel: null,
    piiDetected: false,
    classificationMetadata: null,
    rulesVersion: null,
    classifiedAt: null,
    endpoint: null,
    createdBy: 'key_admin',
    createdAt: new Date('2026-03-01T10:00:00.000Z'),
    updatedAt: new Date('2026-03-02T10:00:00.000Z'),
    version: 1,
    ...changes,
  };
}
