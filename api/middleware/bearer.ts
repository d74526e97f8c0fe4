const lengthMax = 8_192;

/** The credential that a request shows; undefined for none, for another scheme, and for one that is too long. */
export function bearerOf(header: string | undefined): string | undefined {
  const credential = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  return credential !== undefined && credential.length <= lengthMax ? credential : undefined;
}

/** For a 401: what went wrong is named only to those who have tried (RFC 6750). */
export function challengeOf(header: string | undefined, parameters: readonly string[] = []): string {
  const error = /^Bearer +\S/i.test(header ?? '') ? ['error="invalid_token"'] : [];
  return ['Bearer', [...error, ...parameters].join(', ')].filter((part) => part !== '').join(' ');
}
