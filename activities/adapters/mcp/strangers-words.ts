const lengthMax = 500;
// Control and format characters (bidirectional ones among them), line and paragraph separators, lone surrogates.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
// A shorter one would be found in ordinary words.
const secretLengthMin = 6;

/** What a server said, fit for a message or a log line: short, printable, and without the secrets that it was sent. */
export function strangersWords(text: unknown, secrets: Iterable<string> = []): string {
  let words = typeof text === 'string' ? text.slice(0, 8 * lengthMax) : '';
  for (const secret of secrets) {
    if (secret.length >= secretLengthMin) words = words.replaceAll(secret, '[secret]');
  }
  words = words.replaceAll(unprintable, ' ').trim();
  return words.length > lengthMax ? `${words.slice(0, lengthMax - 1).replace(/\p{Cs}$/u, '')}…` : words;
}
