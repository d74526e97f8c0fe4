import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { withContext } from '../context';
import { parseContext } from '../contracts/execution-context';
import type { FanOutMessage, ResumeMessage } from '../contracts/outbox';
import {
  fanOutWorkflowType,
  resumeSignalName,
  searchAttributes,
  type FanOutInput,
} from '../contracts/workflow-messages';
import { keyword } from './search-attributes';

/** Starts the workflow that carries a throw; the same throw delivered twice finds it there. */
export async function startFanOut(client: Client, message: FanOutMessage, taskQueue: string): Promise<void> {
  const { workflowId, payload } = message;
  const { switchId, epoch, scope } = payload;
  const requester = parseContext(payload.requester);
  const args: [FanOutInput] = [{ switchId, epoch }];
  await withContext(requester, () =>
    client.workflow.start(fanOutWorkflowType, {
      workflowId,
      taskQueue,
      args,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: keyword(searchAttributes.tenant), value: requester.tenantId },
        { key: keyword(searchAttributes.kind), value: fanOutKind },
      ]),
      staticSummary: `Kill of ${scope}, throw ${epoch}`,
      staticDetails: `Carries switch ${switchId} to every workflow in its scope.`,
    }),
  ).catch((error: unknown) => {
    // Its execution has ended already: what was asked for is done.
    if ((error as Error).name !== 'WorkflowExecutionAlreadyStartedError') throw error;
  });
}

/** Lets a paused workflow try again. One that is gone has nothing to resume; the reconciler starts it when it must. */
export async function resumeRun(client: Client, { workflowId, payload }: ResumeMessage): Promise<void> {
  const { pauseId, requester } = payload;
  try {
    await withContext(parseContext(requester), () =>
      client.workflow.getHandle(workflowId).signal(resumeSignalName, { pauseId }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** `AosKind` of the workflows that carry a kill, which no kill may end. */
export const fanOutKind = 'kill';
