import type { ChangingServer } from '../support/changing-server';
import type { TestStack } from '../support/stack';

export interface RecordedRun {
  readonly workflowId: string;
  readonly runId: string;
}

export type Scenario = (stack: TestStack, name: string, tools: ChangingServer) => Promise<RecordedRun>;

export const tenantIdOf = ({ keys }: TestStack) => keys.tenants[0]?.tenant_id ?? '';

export async function untilEnded({ temporal }: TestStack, { workflowId, runId }: RecordedRun): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId, runId, { followRuns: false });
  await handle.result().catch(() => {});
}
