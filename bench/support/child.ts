import { fork, type ChildProcess } from 'node:child_process';

export interface BenchChild<Task, Result> {
  readonly pid: number;
  run(task: Task): Promise<Result>;
  stop(): Promise<void>;
}

/** A process of its own for the bare side, so that neither side works in the other's heap. One task at a time. */
export function startChild<Task extends object, Result>(file: string): BenchChild<Task, Result> {
  const child = fork(file, [], { execArgv: ['--require', require.resolve('tsx/cjs')], env: process.env });
  return {
    pid: child.pid ?? 0,
    run: (task) =>
      new Promise((resolve, reject) => {
        const onExit = (code: number | null) => reject(new Error(`The bare process ended with ${code}.`));
        child.once('exit', onExit);
        child.once('message', (answer: { result?: Result; error?: string }) => {
          child.off('exit', onExit);
          if (answer.error === undefined) resolve(answer.result as Result);
          else reject(new Error(answer.error));
        });
        child.send(task);
      }),
    stop: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.disconnect();
  });
}

/** The other end: answers each task, and ends with its parent. */
export function serveTasks<Task, Result>(work: (task: Task) => Promise<Result>): void {
  process.on('message', (task) => {
    work(task as Task).then(
      (result) => process.send?.({ result }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' }),
    );
  });
  process.on('disconnect', () => process.exit());
}
