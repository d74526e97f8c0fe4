const intervalMs = 20;

/** Aborts when the process has grown by more than so many megabytes since the call. */
export function memoryWatch(growthMbMax: number): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const bytesMax = process.memoryUsage.rss() + growthMbMax * 1024 * 1024;
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() > bytesMax) controller.abort();
  }, intervalMs);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
