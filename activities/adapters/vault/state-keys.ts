import type { StateKeys } from '../../../contracts/state-keys';
import type { createMasterKeys } from './master-keys';

/** Derived from the master keys at hand: what was signed before a rotation is good for as long as the former key is kept. */
export function createStateKeys(keys: ReturnType<typeof createMasterKeys>): StateKeys {
  return {
    async current(tenantId) {
      const { current } = await keys.ring();
      return { keyId: current.keyId, key: current.derive('request-state', tenantId) };
    },
    async find(tenantId, keyId) {
      return (await keys.ring()).find(keyId)?.derive('request-state', tenantId);
    },
  };
}
