import { EngineError } from '../../../../contracts/errors';
import { notSent } from '../failures';
import type { UpstreamAuth } from '../port';
import type { ReadToken } from './client-credentials';

export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  /** What must not appear in anything that is written down. */
  readonly secrets: readonly string[];
}

const nothing: Authorization = { headers: {}, secrets: [] };
// What would change the meaning of a request instead of authorizing it.
const notForKeys = /^(?:host|content-.*|transfer-encoding|connection|cookie|accept.*|mcp-.*|last-event-id|expect)$/i;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

export interface AuthorizeInput {
  readonly auth: UpstreamAuth;
  readonly signal: AbortSignal;
  readonly readToken: ReadToken;
  /** A token that a server has just refused. */
  readonly refused?: string | undefined;
}

/** The headers that one request carries. Fails as UpstreamFailure when the credential cannot be had. */
export async function authorize({ auth, signal, readToken, refused }: AuthorizeInput): Promise<Authorization> {
  switch (auth.type) {
    case 'none':
      return nothing;
    case 'api_key': {
      const name = auth.header ?? 'X-API-Key';
      if (!headerName.test(name) || notForKeys.test(name)) {
        throw notSent('not_permitted', 'The header named for the API key cannot carry one.');
      }
      const { api_key: key } = await readSecret(auth.read, signal);
      return authorization(name, key, [key]);
    }
    case 'bearer': {
      const { token } = await readSecret(auth.read, signal);
      return authorization('Authorization', `Bearer ${token}`, [token]);
    }
    case 'basic': {
      const { username, password } = await readSecret(auth.read, signal);
      const pair = Buffer.from(`${username}:${password}`).toString('base64');
      return authorization('Authorization', `Basic ${pair}`, [password, pair]);
    }
    case 'oauth': {
      const token = await readToken({ auth, signal, refused });
      return authorization('Authorization', `Bearer ${token}`, [token]);
    }
  }
}

/** Fails as `credential_unavailable`: what the vault says of it stays inside. */
export async function readSecret<T>(read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await read(signal);
  } catch (error) {
    const reason = error instanceof EngineError ? `: ${error.message}` : '.';
    throw notSent('credential_unavailable', `The credential of the server cannot be had${reason}`);
  }
}

// A line break in a secret would begin a header of its own; the platform refuses it with the value in its message.
function authorization(name: string, value: string, secrets: readonly string[]): Authorization {
  if (!/^[\x20-\x7e\x80-\xff]+$/.test(value)) {
    throw notSent('credential_unavailable', 'The credential of the server cannot be sent in a header.');
  }
  return { headers: { [name]: value }, secrets };
}
