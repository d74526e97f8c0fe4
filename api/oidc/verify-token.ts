import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { EngineError, refusal } from '../../contracts/errors';
import type { ActorType } from '../../contracts/execution-context';
import type { OidcIssuer } from '../../contracts/oidc-issuers';
import type { Role } from '../../contracts/roles';
import { rawText } from '../../contracts/text';
import { actorTypeOf, rolesOf, tenantOf } from './read-claims';

/** Who a token is for, once everything in it has been checked. */
export interface TokenHolder {
  readonly issuer: string;
  readonly subject: string;
  readonly tenantId: string;
  readonly roles: readonly Role[];
  readonly actorType: ActorType;
  /** Until when what the token began may go on. */
  readonly workUntil: Date;
}

/** Refuses with MISSING_IDENTITY or ACCESS_DENIED; `service_unavailable` when the issuer's keys cannot be had. */
export type VerifyToken = (token: string) => Promise<TokenHolder>;

interface Trusted {
  readonly issuer: OidcIssuer;
  readonly keys: JWTVerifyGetKey;
}

export function createVerifyToken(trusted: readonly Trusted[]): VerifyToken {
  const byName = new Map(trusted.map((each) => [each.issuer.issuer, each]));
  return async (token) => {
    const found = byName.get(issuerIn(token) ?? '');
    if (found === undefined) throw invalidToken('its issuer is none that is trusted here');
    const { issuer } = found;
    const claims = await verify(token, found);
    const subject = rawText(255).min(1).safeParse(claims.sub);
    if (!subject.success) throw invalidToken('its subject cannot be told');
    // Bound to a key of the client (RFC 9449, RFC 8705), of which nothing is asked here: whoever shows it may have stolen it.
    if (claims.cnf !== undefined) throw invalidToken('it is bound to a key, and only bearer tokens are taken');
    return {
      issuer: issuer.issuer,
      subject: subject.data,
      tenantId: tenantOf(claims, issuer.tenant),
      roles: rolesOf(claims, issuer.roles),
      actorType: actorTypeOf(claims, issuer),
      workUntil: new Date((endOf(claims, issuer) + issuer.work_outlives_token_seconds) * 1_000),
    };
  };
}

/** With why in the sentence, since it reads like any other 401. */
export function invalidToken(why: string): EngineError {
  return refusal('MISSING_IDENTITY', `the access token is not accepted: ${why}`);
}

// Nothing of it is believed yet: it only says whose keys to ask.
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw invalidToken('it is no signed token');
  }
}

// It counts no longer than it may grow old, whatever it says of its end.
function endOf({ exp = 0, iat = 0 }: JWTPayload, { max_token_age_seconds: ageMax }: OidcIssuer): number {
  return Math.min(exp, iat + ageMax);
}

async function verify(token: string, { issuer, keys }: Trusted): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      typ: issuer.token_type,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: issuer.clock_tolerance_seconds,
      maxTokenAge: issuer.max_token_age_seconds,
    });
    return payload;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw invalidToken(whyOf(error, issuer));
  }
}

function whyOf(error: unknown, { token_type: type, max_token_age_seconds: ageMax }: OidcIssuer): string {
  if (error instanceof errors.JWTExpired) {
    return error.claim === 'exp' ? 'it has run out' : `it is older than ${ageMax} s; get a new one`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) return claimFaults(type)[error.claim] ?? lacks(error.claim);
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is signed in a way that is not allowed';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'its issuer has no such key';
  }
  return 'it is no signed token';
}

const claimFaults = (type: string): Readonly<Record<string, string>> => ({
  aud: 'it is for another audience',
  nbf: 'it does not count yet',
  iat: 'it does not say when it was made, or says a time to come',
  typ: `its type is not ${type}`,
});

const lacks = (claim: string) => `its claim ${claim} is missing or unfit`;
