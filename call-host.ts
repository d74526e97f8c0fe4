import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createEngine, type Engine } from './client/engine';
import type { ApiConfig } from './config';
import { workflowSource, type callWorkerOptions } from './worker-options';

const retryMs = 2_000;

export interface CallHost {
  /** Starts calls at once while the worker of this process runs; undefined while it does not. */
  engine(): Engine | undefined;
  stop(): Promise<void>;
}

export interface CallHostOptions {
  readonly config: Pick<ApiConfig, 'temporal' | 'taskQueue'>;
  readonly options: ReturnType<typeof callWorkerOptions>;
  /** Instead of what lies beside the compiled program. */
  readonly workflows?: Pick<WorkerOptions, 'workflowBundle'>;
  readonly onError: (error: unknown) => void;
}

/** Runs the worker of calls beside the API for as long as there is an engine, and again when there is one again. */
export function hostCalls({ config, options, workflows, onError }: CallHostOptions): CallHost {
  const { temporal, taskQueue } = config;
  const stopping = new AbortController();
  let engine: Engine | undefined;
  let worker: Worker | undefined;

  async function runOnce(): Promise<void> {
    const connection = await NativeConnection.connect(temporal.connection);
    try {
      const { namespace } = temporal;
      worker = await Worker.create({ ...options, ...(workflows ?? workflowSource()), connection, namespace });
      const running = worker.run();
      // One that was made must run to be ended: else its threads would stay.
      if (stopping.signal.aborted) worker.shutdown();
      else engine = createEngine({ connection, namespace, taskQueue, isEager: true });
      await running;
    } finally {
      engine = undefined;
      worker = undefined;
      await connection.close();
    }
  }

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      await runOnce().catch(onError);
      await sleep(retryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const kept = keepRunning();
  return {
    engine: () => engine,
    async stop() {
      stopping.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      await kept;
    },
  };
}
