import path from 'node:path';
import { EngineError } from '../../../../contracts/errors';

export type Places = ReturnType<typeof createPlaces>;

/** Where the objects of a folder lie. `invalid_input` for a tenant id or hash of another shape, as both become paths. */
export function createPlaces(folder: string) {
  const ofTenant = (tenantId: string) => path.join(folder, checked(tenantId, /^[a-z0-9_-]{1,64}$/, 'tenant id'));
  const hash = (sha256: string) => checked(sha256, /^[0-9a-f]{64}$/, 'hash');
  return {
    ofTenant,
    ofObject: (tenantId: string, sha256: string) =>
      path.join(ofTenant(tenantId), hash(sha256).slice(0, 2), hash(sha256)),
    /** Objects that nobody refers to, until they are discarded. */
    aside: (tenantId: string) => path.join(ofTenant(tenantId), '.aside'),
    ofSetAside: (tenantId: string, sha256: string) => path.join(ofTenant(tenantId), '.aside', hash(sha256)),
  };
}

function checked(value: string, shape: RegExp, what: string): string {
  if (!shape.test(value)) throw new EngineError('invalid_input', `The ${what} has not the expected form.`);
  return value;
}

/** What is not there, or went away meanwhile, is undefined; any other error is thrown on. */
export function absent(error: unknown): undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
