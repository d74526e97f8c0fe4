/** Names on the wire between client and workflows; plain values, so that both sides may import them. */
export const taskQueueDefault = 'aos';

export interface TaskQueues {
  /** Workflows and quick activities. */
  readonly main: string;
  /** Long work that reads, embeds and writes much. */
  readonly io: string;
  /** Tool calls: their workflows, and what these do, in the processes of the API, where they are asked for. */
  readonly tools: string;
}

/** Where one process is asked about the calls that it carries out. */
export const ownCallQueue = (main: string, processId: string) => `${taskQueuesOf(main).tools}-${processId}`;

/** All queues of an installation hang on the name of its main one. */
export function taskQueuesOf(main: string): TaskQueues {
  return { main, io: `${main}-io`, tools: `${main}-tools` };
}

export const searchAttributes = {
  tenant: 'AosTenant',
  kind: 'AosKind',
  plane: 'AosPlane',
  capability: 'AosCapability',
  stage: 'AosStage',
} as const;

export interface RunJobInput {
  readonly jobId: string;
  readonly jobKind: string;
}

export interface PlaneWorkflowInput {
  readonly planeId: string;
  readonly planeName: string;
  /** Longest history of one run; tests make it short, so that continue-as-new is seen. */
  readonly historyEventsMax?: number;
}

export interface ScheduledSyncInput {
  readonly planeId: string;
  readonly scheduleId: string;
  /** Longest history of one run; tests make it short, so that continue-as-new is seen. */
  readonly historyEventsMax?: number;
}

export interface ToolServerInput {
  readonly serverId: string;
  /** Between two looks; tests make them short or long. */
  readonly healthyMs?: number;
  readonly ailingMs?: number;
  /** Longest history of one run; tests make it short, so that continue-as-new is seen. */
  readonly historyEventsMax?: number;
}

export interface DiscoverInput {
  readonly discoveryId: string;
}

export const toolServerWorkflowType = 'toolServer';
export const discoverSignalName = 'discover';
export const lookSignalName = 'look';
export const scheduledSyncWorkflowType = 'scheduledSync';
export const planeWorkflowType = 'knowledgePlane';
export const runJobSignalName = 'runJob';
export const killSignalName = 'kill';
export const resumeSignalName = 'resume';
export const toolCallWorkflowType = 'mcpToolCall';
export const callDecidedSignalName = 'callDecided';
export const fanOutWorkflowType = 'killFanOut';

export interface FanOutInput {
  readonly switchId: string;
  readonly epoch: number;
}

/** What the kill signal may say; a hand at the command line says nothing, or only why. */
export interface KillInput {
  readonly reason: string;
  /** The throw that sent it. */
  readonly thrown?: FanOutInput;
}

/**
 * Activities that go on after a kill: recording, release and compensation, and waiting for an end. Both sides of the engine
 * ask this list.
 */
export const killExemptActivities: readonly string[] = [
  'recordKill',
  'recordKilledJob',
  'recordRefusedMessage',
  'recordScheduledRun',
  'closeScheduledRun',
  'recordStoppedDiscovery',
  'signalKnownWorkflows',
  'sweepRunningWorkflows',
  'endFanOut',
  'closeCall',
  'awaitCall',
];
