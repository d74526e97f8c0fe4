import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { CallsUnderWay } from './activities/tools/calls-under-way';
import { createEngine, type Engine } from './client/engine';
import type { ApiConfig } from './config';
import { workflowSource, type callWorkerOptions } from './worker-options';

const retryMs = 2_000;
/** What calls have left when the process ends, as its activities have. */
const graceMs = 5_000;

export interface CallHost {
  /** Starts calls at once while the worker of this process runs; undefined while it does not. */
  engine(): Engine | undefined;
  stop(): Promise<void>;
}

export interface CallHostOptions {
  readonly config: Pick<ApiConfig, 'temporal' | 'taskQueue'>;
  readonly options: ReturnType<typeof callWorkerOptions>;
  /** The calls that the process carries out, which are ended with it. */
  readonly underWay: Pick<CallsUnderWay, 'end'>;
  /** Instead of what lies beside the compiled program. */
  readonly workflows?: Pick<WorkerOptions, 'workflowBundle'>;
  readonly onError: (error: unknown) => void;
}

/** Runs the worker of calls beside the API for as long as there is an engine, and again when there is one again. */
export function hostCalls({ config, options, underWay, workflows, onError }: CallHostOptions): CallHost {
  const { temporal, taskQueue } = config;
  const stopping = new AbortController();
  let engine: Engine | undefined;
  const workers: Worker[] = [];

  async function runOnce(): Promise<void> {
    const connection = await NativeConnection.connect(temporal.connection);
    const running: Promise<void>[] = [];
    try {
      const { shared, own } = options;
      const made = { connection, namespace: temporal.namespace };
      // One that was made must run to be ended: else its threads would stay. Neither goes on without the other.
      const run = (worker: Worker) => {
        workers.push(worker);
        const ended = worker.run().finally(shutDown);
        // Heard of below, where all of them are waited for.
        ended.catch(() => {});
        running.push(ended);
      };
      run(await Worker.create({ ...own, ...made }));
      run(await Worker.create({ ...shared, ...(workflows ?? workflowSource()), ...made }));
      if (stopping.signal.aborted) shutDown();
      else engine = createEngine({ connection, namespace: temporal.namespace, taskQueue, isEager: true });
      await Promise.all(running);
    } finally {
      engine = undefined;
      shutDown();
      await Promise.allSettled(running);
      workers.length = 0;
      await connection.close();
    }
  }

  function shutDown(): void {
    for (const each of workers) if (each.getState() === 'RUNNING') each.shutdown();
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
      shutDown();
      await Promise.all([kept, underWay.end(graceMs)]);
      // What was begun by a task that was at work still.
      await underWay.end(0);
    },
  };
}
