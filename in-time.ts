/** No answer came within the time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The work's own outcome, or `NoAnswer` when it takes longer. The work itself goes on. */
export async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new NoAnswer(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
