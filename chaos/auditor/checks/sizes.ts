import type { Check } from '../check';
import { payloadsOf } from '../histories';

const eventsMax = 4_096;
const payloadBytesMax = 512 * 1024;

/** I12: histories hold references, not content. */
export const sizes: Check = {
  invariant: 'I12',
  promise: 'a history stays under 4,096 events, a payload under 512 KiB',
  async run({ histories }, look) {
    for (const { workflowId, runId, history } of histories) {
      look.examined += 1;
      const ids = { workflow_id: workflowId, run_id: runId };
      if (history.events.length >= eventsMax) look.found('history-too-long', { ...ids, events: history.events.length });
      const largest = Math.max(0, ...[...payloadsOf(history)].map(({ byteLength }) => byteLength));
      if (largest >= payloadBytesMax) look.found('payload-too-large', { ...ids, bytes: largest });
    }
  },
};
