import { stageCapability } from '../contracts/capabilities';
import type { ExecutionContext } from '../contracts/execution-context';
import { switchScopes, type Scope } from '../contracts/switches';

// What the activity belongs to, for switches of scope `capability`. An activity that is not named belongs to none.
const capabilityOf: Readonly<Record<string, string>> = {
  beginJob: 'job.default',
  completeJob: 'job.default',
  verifySources: stageCapability('verify'),
  ingestSources: stageCapability('ingest'),
  indexDocuments: stageCapability('index'),
  classifyDocuments: stageCapability('classify'),
  activatePlane: stageCapability('activate'),
  beginCall: 'tools.call',
  discoverServer: 'tools.registry',
  checkServer: 'tools.registry',
};

export interface StartedActivity {
  readonly activityType: string;
  readonly args: readonly unknown[];
  readonly context: ExecutionContext;
}

/** Every scope by whose switches a running activity is stopped; its input names plane, job, server and further ones. */
export function scopesOf({ activityType, args: [input], context }: StartedActivity): readonly Scope[] {
  const named = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const capability = capabilityOf[activityType];
  return [
    { type: 'global', id: '' },
    { type: 'tenant', id: context.tenantId },
    ...[...(context.ancestorRunIds ?? []), context.runId].map((id): Scope => ({ type: 'run', id })),
    ...one('run', named.jobId),
    ...one('plane', named.planeId ?? context.planeId),
    ...one('server', named.serverId),
    ...one('capability', capability),
    ...(Array.isArray(named.scopes) ? named.scopes.filter(isScope) : []),
  ];
}

function one(type: Scope['type'], id: unknown): Scope[] {
  return typeof id === 'string' && id !== '' ? [{ type, id }] : [];
}

function isScope(value: unknown): value is Scope {
  if (typeof value !== 'object' || value === null) return false;
  const { type, id } = value as Record<string, unknown>;
  return typeof id === 'string' && (switchScopes as readonly unknown[]).includes(type);
}
