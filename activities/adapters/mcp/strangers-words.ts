const lengthMax = 500;
// Control and format characters (bidirectional ones among them), line and paragraph separators, lone surrogates.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
// A shorter one would be found in ordinary words.
const secretLengthMin = 6;

/** What a server said, fit for a message or a log line: short, printable, and without the secrets that it was sent. */
export function strangersWords(text: unknown, secrets: Iterable<string> = []): string {
  const known = typeof text === 'string' ? withoutSecrets(text.slice(0, 8 * lengthMax), secrets) : '';
  const words = known.replaceAll(unprintable, ' ').trim();
  return words.length > lengthMax ? `${words.slice(0, lengthMax - 1).replace(/\p{Cs}$/u, '')}…` : words;
}

/** The longest first: of one that begins with another the rest would stay. */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  return [...secrets]
    .filter(({ length }) => length >= secretLengthMin)
    .sort((one, other) => other.length - one.length)
    .reduce((words, secret) => words.replaceAll(secret, '[secret]'), text);
}
