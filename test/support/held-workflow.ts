import { proxyActivities } from '@temporalio/workflow';
import type { HoldInput, HeldActivities } from './held-work';

/** Many activities at once, each of which holds until it is stopped. */
export async function holdMany({ count, ...input }: HoldInput & { readonly count: number }): Promise<void> {
  const { holdWork } = proxyActivities<HeldActivities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '1 minute',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  });
  await Promise.all(Array.from({ length: count }, () => holdWork(input)));
}
