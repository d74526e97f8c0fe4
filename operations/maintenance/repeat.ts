export interface Repeated {
  /** Ends the repetition and waits for the turn that runs. */
  stop(): Promise<void>;
}

/** Runs the task now and again `intervalMs` after each end, until stopped. A failed turn is reported, not fatal. */
export function repeat(
  task: () => Promise<unknown>,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
): Repeated {
  let stopped = false;
  let wake = () => {};
  const run = async () => {
    while (!stopped) {
      try {
        await task();
      } catch (error) {
        onError(error);
      }
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, intervalMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
