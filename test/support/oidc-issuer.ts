import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export const tokenAudience = 'https://aos.example.test/mcp';

export interface OidcClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface TestIssuer {
  readonly issuer: string;
  /** As `host:port`, for the guard of outbound requests. */
  readonly host: string;
  /** What the token endpoint gives a client that shows its secret. */
  tokenOf(client: OidcClient): Promise<string>;
  /** Signs whatever claims and header are given beside the usual ones, with the key of the moment. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  rotate(options: { readonly keepOld: boolean }): Promise<void>;
  /** How often somebody asked for the keys. */
  asked(): Promise<number>;
  stop(): Promise<void>;
}

/** A real issuer in a process of its own. */
export async function startOidcIssuer(clients: readonly OidcClient[] = []): Promise<TestIssuer> {
  const child = fork(path.join(__dirname, 'oidc-provider-process.mjs'), {
    env: { ...process.env, CLIENTS: JSON.stringify(clients), AUDIENCE: tokenAudience },
    execArgv: [],
    silent: true,
  });
  const [{ issuer }] = (await once(child, 'message')) as [{ issuer: string }];
  const post = async (at: string, body?: unknown) => {
    const answer = await fetch(issuer + at, {
      method: 'POST',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return answer.text();
  };
  return {
    issuer,
    host: new URL(issuer).host,
    async tokenOf({ client_id: id, client_secret: secret }) {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' }),
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    sign: (claims, header = {}) => post('/test/sign', { header, claims: { ...usualClaims(issuer), ...claims } }),
    rotate: async ({ keepOld }) => void (await post(`/test/rotate?keep=${keepOld ? 1 : 0}`)),
    asked: async () => Number(await (await fetch(`${issuer}/test/asked`)).text()),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** Of a token that is made now and counts for ten minutes; seconds as in a JWT. */
export function usualClaims(issuer: string) {
  const now = Math.floor(Date.now() / 1_000);
  return { iss: issuer, aud: tokenAudience, sub: 'somebody', client_id: 'app', iat: now, exp: now + 600 };
}
