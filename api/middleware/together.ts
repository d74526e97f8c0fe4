interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Asks once for all who want the same: whoever comes while a question is on its way waits for the next, so that no
 * answer is older than the wish for it. `ask` gives as many answers as it is told of, in order.
 */
export function together<Answer>(
  ask: (subject: string, wanted: number) => Promise<readonly Answer[]>,
): (subject: string) => Promise<Answer> {
  const queues = new Map<string, Waiting<Answer>[]>();

  async function serve(subject: string, queue: Waiting<Answer>[]): Promise<void> {
    while (queue.length > 0) {
      const group = queue.splice(0);
      try {
        const answers = await ask(subject, group.length);
        for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    queues.delete(subject);
  }

  return (subject) =>
    new Promise((resolve, reject) => {
      const queue = queues.get(subject);
      if (queue !== undefined) return void queue.push({ resolve, reject });
      const first = [{ resolve, reject }];
      queues.set(subject, first);
      void serve(subject, first);
    });
}
