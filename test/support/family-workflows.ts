import { continueAsNew, executeChild, proxyActivities, type WorkflowInterceptors } from '@temporalio/workflow';
import type { ExecutionContext } from '../../contracts/execution-context';

export interface FamilyActivities {
  observe(): Promise<ExecutionContext>;
  holdThenWrite(): Promise<void>;
}

const { observe, holdThenWrite } = proxyActivities<FamilyActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '1 minute',
  cancellationType: 'TRY_CANCEL',
  retry: { maximumAttempts: 1 },
});

/** Sees its context before and after it continues as new, and then what each generation below it sees. */
export async function family(generations: number, seen: ExecutionContext[] = []): Promise<ExecutionContext[]> {
  const all = [...seen, await observe()];
  if (seen.length === 0) return continueAsNew<typeof family>(generations, all);
  if (generations === 0) return all;
  return [...all, ...(await executeChild(family, { args: [generations - 1] }))];
}

export async function parentOfWriter(): Promise<void> {
  await executeChild(writer, { workflowIdReusePolicy: 'ALLOW_DUPLICATE' });
}

export async function writer(): Promise<void> {
  await holdThenWrite();
}

export async function parentOfOrphan(): Promise<string> {
  return executeChild(orphan).catch((error: Error) => JSON.stringify(error.cause));
}

export async function orphan(): Promise<string> {
  return 'ran without a context';
}

/** Takes the header away again, as software of somebody else would that starts a child. */
export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        startChildWorkflowExecution: (input, next) =>
          next(input.workflowType === 'orphan' ? { ...input, headers: {} } : input),
      },
    ],
  };
}
