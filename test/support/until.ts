const intervalMs = 20;

/** Waits until the condition holds. The limit only bounds a failing test: a passing one does not depend on it. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  { limitMs = 100_000, what = 'the condition' }: { limitMs?: number; what?: string } = {},
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not hold within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
