// At the end of a longer word they say something too: `accesstoken`.
const endings = [
  ...[
    'password',
    'secret',
    'token',
    'credential',
    'credentials',
    'bearer',
    'jwt',
    'apikey',
    'creditcard',
    'cardnumber',
  ],
];
// These do not: `monkey`.
const words: ReadonlySet<string> = new Set(['key', 'auth', 'authorization', 'ssn']);

/** Whether what goes by this name is likely to be a secret, however the name is written: `api_key`, `X-Api-Key`, `accessToken`. */
export function isSecretName(name: string): boolean {
  const parts = name
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return parts.some((part) => words.has(part)) || [...parts, parts.join('')].some(endsTelling);
}

function endsTelling(part: string): boolean {
  return endings.some((ending) => part.endsWith(ending));
}
