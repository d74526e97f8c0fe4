import { withoutFragment } from './http-config';
import { HttpProblem } from './problems';

/** Redirects that one request may follow; RFC 9309 asks for five at least. */
export const redirectsMax = 5;

const statuses = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return statuses.has(status);
}

/** Where a redirect leads; the address itself is checked by the guard, as that of any request. */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new HttpProblem('malformed', `${from.href} redirects to no address`);
  }
  const target = withoutFragment(new URL(location, from));
  const isWeb = target.protocol === 'http:' || target.protocol === 'https:';
  if (isWeb && target.username === '' && target.password === '') return target;
  throw new HttpProblem('not_allowed', `${from.href} redirects to an address that is not read`);
}
