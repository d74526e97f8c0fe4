import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { currentContext, withContext } from '../context';
import { freezeContext } from '../contracts/execution-context';
import type { SwitchScope } from '../contracts/switches';
import { killSignalName, searchAttributes, type KillInput } from '../contracts/workflow-messages';
import { fanOutKind } from './switch-messages';
import { keyword, quote } from './search-attributes';

interface Target {
  readonly workflowId: string;
  readonly tenantId: string;
}

interface Thrown {
  readonly scope: SwitchScope;
  readonly scopeId: string;
  /** Null where it counts for every tenant. */
  readonly tenantId: string | null;
  readonly thrownAt: Date;
}

/** What carries a throw to running workflows: the kill signal, and the visibility index to find them by. */
export function createWorkflowControl(client: Client, taskQueue: string) {
  return {
    /** Sends the kill signal in the name of the target's own tenant. False when no execution of this id is running. */
    async signalKill(
      { workflowId, tenantId }: Target,
      { reason, switchId, epoch }: { reason: string; switchId: string; epoch: number },
    ): Promise<boolean> {
      const input: KillInput = { reason, thrown: { switchId, epoch } };
      const context = freezeContext({ ...currentContext(), tenantId });
      try {
        await withContext(context, () => client.workflow.getHandle(workflowId).signal(killSignalName, input));
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    /** Executions in the scope that began before the throw and still run, as the visibility index has them. */
    async *listRunning(thrown: Thrown): AsyncGenerator<Target> {
      const query = visibilityQuery(thrown, taskQueue);
      if (query === undefined) return;
      for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query, pageSize: 200 })) {
        const tenantId = typedSearchAttributes.get(keyword(searchAttributes.tenant));
        if (tenantId !== undefined) yield { workflowId, tenantId };
      }
    },
  };
}

/** Exported for its test. Undefined where no workflow of this version runs under such a scope. */
export function visibilityQuery({ scope, scopeId, tenantId, thrownAt }: Thrown, taskQueue: string): string | undefined {
  const own = scopeCondition(scope, scopeId);
  if (own === undefined) return undefined;
  const { tenant, kind } = searchAttributes;
  return [
    `ExecutionStatus = 'Running'`,
    // Another installation may share the namespace; all queues of ours hang on the name of the main one.
    `(TaskQueue = ${quote(taskQueue)} OR TaskQueue STARTS_WITH ${quote(`${taskQueue}-`)})`,
    `StartTime <= '${thrownAt.toISOString()}'`,
    tenantId === null ? `${tenant} IS NOT NULL` : `${tenant} = ${quote(tenantId)}`,
    `${kind} != '${fanOutKind}'`,
    ...own,
  ].join(' AND ');
}

function scopeCondition(scope: SwitchScope, scopeId: string): string[] | undefined {
  switch (scope) {
    case 'global':
    case 'tenant':
      return [];
    case 'plane':
      return [`${searchAttributes.plane} = ${quote(scopeId)}`];
    case 'capability':
      return [`${searchAttributes.capability} = ${quote(scopeId)}`];
    case 'run':
      return [`RunId = ${quote(scopeId)}`];
    case 'server':
    case 'integration':
      return undefined;
  }
}
