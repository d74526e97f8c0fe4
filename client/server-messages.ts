import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { withContext } from '../context';
import type { Capability } from '../contracts/capabilities';
import { parseContext } from '../contracts/execution-context';
import type { LookAtServerMessage, WatchServerMessage } from '../contracts/outbox';
import {
  discoverSignalName,
  lookSignalName,
  searchAttributes,
  toolServerWorkflowType,
  type DiscoverInput,
  type ToolServerInput,
} from '../contracts/workflow-messages';
import { keyword } from './search-attributes';

const capability: Capability = 'tools.registry';

/** Starts the workflow of a server, or finds it there; the same discovery delivered twice is one. */
export async function watchServer(client: Client, message: WatchServerMessage, taskQueue: string): Promise<void> {
  const { workflowId, payload } = message;
  const { serverId, serverName, discoveryId } = payload;
  const requester = parseContext(payload.requester);
  const args: [ToolServerInput] = [{ serverId }];
  const options = {
    workflowId,
    taskQueue,
    args,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: keyword(searchAttributes.tenant), value: requester.tenantId },
      { key: keyword(searchAttributes.kind), value: 'server' },
      { key: keyword(searchAttributes.capability), value: capability },
    ]),
    staticSummary: `Tool server ${serverName}`,
    staticDetails: `Tenant ${requester.tenantId}, server ${serverId}. Discovers it when asked, and looks at its health.`,
  } as const;
  await withContext(requester, async () => {
    if (discoveryId === null) return client.workflow.start(toolServerWorkflowType, options);
    const signalArgs: [DiscoverInput] = [{ discoveryId }];
    const signal = { signal: discoverSignalName, signalArgs };
    return client.workflow.signalWithStart(toolServerWorkflowType, { ...options, ...signal });
  });
}

/** A server whose workflow is gone is looked at by nobody, so there is nothing to hurry. */
export async function lookAtServer(client: Client, { workflowId, payload }: LookAtServerMessage): Promise<void> {
  try {
    await withContext(parseContext(payload.requester), () =>
      client.workflow.getHandle(workflowId).signal(lookSignalName),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
