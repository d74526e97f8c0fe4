import { createServer } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { request } from 'undici';
import type { Metrics } from './metrics';

export interface SdkMetrics {
  readonly options: NonNullable<RuntimeOptions['telemetryOptions']>;
  appendTo(metrics: Metrics): void;
}

/**
 * The SDK's own series (slots, polls, latencies of tasks): its core serves them on an address of this machine alone, and
 * our page carries them on, so that there is one page to scrape.
 */
export async function createSdkMetrics(): Promise<SdkMetrics> {
  const address = `127.0.0.1:${await freePort()}`;
  return {
    options: {
      metrics: {
        prometheus: { bindAddress: address, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
      },
    },
    appendTo: (metrics) =>
      metrics.append('temporal_sdk', async () => (await request(`http://${address}/metrics`)).body.text()),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
