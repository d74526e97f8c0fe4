import { refusal } from '../../contracts/errors';
import type { Authenticate } from '../services';

// Three parts in base64url, as a JWT has them; no key of ours holds a dot.
const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** A key or, where issuers are trusted, an access token. Neither is ever taken for the other. */
export function createAuthenticate(byKey: Authenticate, byToken: Authenticate | undefined): Authenticate {
  return async (credential, entrance) => {
    if (!tokenForm.test(credential)) return byKey(credential, entrance);
    if (byToken === undefined) {
      throw refusal('MISSING_IDENTITY', 'access tokens of an identity provider are not accepted; send an API key');
    }
    return byToken(credential, entrance);
  };
}
