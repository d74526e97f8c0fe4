import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { EngineError } from '../../../../contracts/errors';
import { createTotalMeter } from '../byte-meters';
import { notSent, UpstreamFailure } from '../failures';
import type { UpstreamAuth } from '../port';
import { readSecret } from './authorization';

export type OAuth = Extract<UpstreamAuth, { type: 'oauth' }>;

export interface TokenInput {
  readonly auth: OAuth;
  readonly signal: AbortSignal;
  readonly refused?: string | undefined;
}

export type ReadToken = (input: TokenInput) => Promise<string>;

interface Token {
  readonly value: string;
  readonly freshUntil: number;
}

export interface TokenOptions {
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly now: () => number;
}

const TokenAnswer = z.object({
  access_token: z.string().min(1).max(16_384),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive().optional(),
});
const answerBytesMax = 64 * 1024;
// RFC 6749 only recommends that a server tells; without a word a token counts as fresh for this long.
const lifeMsDefault = 300_000;
const marginMsMax = 30_000;

/**
 * One token at a time, for one version of one credential. Whoever needs a new one while it is being asked for waits for the
 * same answer; a token that was refused is replaced unless that has happened already.
 */
export function createTokenReader({ dispatcher, timeoutMs, now }: TokenOptions): ReadToken {
  let token: Token | undefined;
  let asking: Promise<Token> | undefined;
  return async ({ auth, refused }) => {
    if (token !== undefined && token.value !== refused && now() < token.freshUntil) return token.value;
    asking ??= ask(auth).finally(() => (asking = undefined));
    token = await asking;
    return token.value;
  };

  // It is asked for on behalf of all who wait, so that none of them can cancel it for the others.
  async function ask(auth: OAuth): Promise<Token> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { client_id: id, client_secret: secret } = await readSecret(auth.read, signal);
    const asked = now();
    const answer = TokenAnswer.safeParse(await exchange({ auth, id, secret, signal, dispatcher }));
    if (!answer.success) throw unavailable('sent no token');
    const lifeMs = answer.data.expires_in === undefined ? lifeMsDefault : answer.data.expires_in * 1000;
    return { value: answer.data.access_token, freshUntil: asked + lifeMs - Math.min(marginMsMax, lifeMs / 10) };
  }
}

interface ExchangeInput {
  readonly auth: OAuth;
  readonly id: string;
  readonly secret: string;
  readonly signal: AbortSignal;
  readonly dispatcher: Dispatcher;
}

async function exchange({ auth, id, secret, signal, dispatcher }: ExchangeInput): Promise<unknown> {
  try {
    const { statusCode, body } = await request(auth.tokenUrl, {
      dispatcher,
      method: 'POST',
      signal,
      headers: {
        authorization: `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(auth.scope !== undefined && { scope: auth.scope }),
        ...(auth.resource !== undefined && { resource: auth.resource }),
      }).toString(),
    });
    body.on('error', () => {});
    try {
      if (statusCode === 200) return JSON.parse(await readText(body));
    } finally {
      body.destroy();
    }
    if (statusCode === 400 || statusCode === 401) throw refusedClient(statusCode);
    throw unavailable(`answered ${statusCode}`);
  } catch (error) {
    if (error instanceof UpstreamFailure) throw error;
    if (error instanceof EngineError && error.code === 'policy_violation') {
      throw notSent('address_refused', error.message);
    }
    throw unavailable('did not answer as it should');
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const meter = createTotalMeter(answerBytesMax);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    meter.take(chunk);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** RFC 6749, 2.3.1: both are form-encoded before they become a Basic pair. */
function formEncoded(value: string): string {
  return new URLSearchParams({ value }).toString().slice('value='.length);
}

function refusedClient(status: number): UpstreamFailure {
  return notSent('unauthorized', `The token endpoint of the server answered ${status}: check its credential.`);
}

function unavailable(what: string): UpstreamFailure {
  return notSent('credential_unavailable', `The token endpoint of the server ${what}.`);
}
