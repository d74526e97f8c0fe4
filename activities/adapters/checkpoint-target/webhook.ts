import { createHash } from 'node:crypto';
import { request, type Dispatcher } from 'undici';
import type { CheckpointTarget } from '../../../contracts/checkpoint-copies';

const timeoutMs = 10_000;

/**
 * POSTs `{"checkpoints": […]}` to the URL; any 2xx means kept. The header Idempotency-Key is the same for the same
 * checkpoints. Redirects are not followed; `dispatcher` is the guarded one.
 */
export function createWebhookTarget({ url, dispatcher }: { url: string; dispatcher: Dispatcher }): CheckpointTarget {
  return {
    name: 'webhook',
    async copy(checkpoints) {
      const ids = checkpoints.map((each) => each.checkpoint_id).join('\n');
      const { statusCode, body } = await request(url, {
        dispatcher,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': createHash('sha256').update(ids).digest('hex'),
        },
        body: JSON.stringify({ checkpoints }),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      await body.dump();
      if (statusCode < 200 || statusCode > 299) throw new Error(`the webhook for checkpoints answered ${statusCode}`);
    },
  };
}
