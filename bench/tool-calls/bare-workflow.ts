import { proxyActivities } from '@temporalio/workflow';
import type { callBare } from './bare';

const activities = proxyActivities<{ callBare: typeof callBare }>({
  startToCloseTimeout: '1 minute',
  retry: { maximumAttempts: 1 },
});

export function bareCall(id: string): Promise<string> {
  return activities.callBare(id);
}
