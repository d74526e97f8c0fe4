/** Runs one piece of work at a time, in order; one that is aborted while it waits ends at once and is passed over. */
export function takeTurns(): <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>, signal?: AbortSignal) =>
    new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', abort, { once: true });
      const turn = last.then(() => {
        signal?.throwIfAborted();
        return work();
      });
      last = turn.then(
        (value) => resolve(value),
        (error: unknown) => reject(error as Error),
      );
      void last.finally(() => signal?.removeEventListener('abort', abort));
    });
}
