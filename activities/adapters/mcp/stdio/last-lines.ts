import { strangersWords } from '../strangers-words';

const linesMax = 5;
const lengthMax = 2_000;

/** The last that a child wrote to its stderr, for the message that tells why it ended. */
export function createLastLines(secrets: readonly string[]) {
  let text = '';
  return {
    take(chunk: Uint8Array): void {
      text = (text + Buffer.from(chunk).toString()).slice(-lengthMax);
    },
    read: () => strangersWords(text.trimEnd().split('\n').slice(-linesMax).join(' | '), secrets),
  };
}
