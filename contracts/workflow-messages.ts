/** Names on the wire between client and workflows; plain values, so that both sides may import them. */
export const taskQueues = { main: 'aos', io: 'aos-io' } as const;

export const searchAttributes = {
  tenant: 'AosTenant',
  kind: 'AosKind',
  plane: 'AosPlane',
  run: 'AosRun',
  capability: 'AosCapability',
  stage: 'AosStage',
  decision: 'AosDecision',
} as const;

export interface RunJobInput {
  readonly jobId: string;
  readonly jobKind: string;
}

export interface PlaneWorkflowInput {
  readonly planeId: string;
  readonly planeName: string;
}

export const planeWorkflowType = 'knowledgePlane';
export const runJobSignalName = 'runJob';
export const killSignalName = 'kill';
