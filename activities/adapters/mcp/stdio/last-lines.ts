import { strangersWords, withoutSecrets } from '../strangers-words';

const linesMax = 5;
const lengthMax = 2_000;

/** The last that a child wrote to its stderr, for the message that tells why it ended. */
export function createLastLines(secrets: readonly string[]) {
  // A secret is taken out before anything is cut: neither in pieces nor over several lines would it be known again.
  const keptMax = lengthMax + Math.max(0, ...secrets.map(({ length }) => length));
  const decoder = new TextDecoder();
  let text = '';
  return {
    take(chunk: Uint8Array): void {
      text = withoutSecrets(text + decoder.decode(chunk, { stream: true }), secrets).slice(-keptMax);
    },
    read: () => strangersWords(text.slice(-lengthMax).trimEnd().split('\n').slice(-linesMax).join(' | ')),
  };
}
