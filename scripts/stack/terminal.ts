/** Says one line to the person who started the stack. */
export type Say = (line: string) => void;

export const say: Say = (line) => void process.stdout.write(`${line}\n`);

/** A time for people: `8 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A reason to end the start that needs no stack trace: the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
