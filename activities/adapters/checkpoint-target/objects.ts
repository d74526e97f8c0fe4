import type { CheckpointTarget } from '../../../contracts/checkpoint-copies';
import type { ObjectStore } from '../object-store/port';

/** No tenant has this name, so the sweep of objects that no row names leaves it alone. */
const owner = 'checkpoints';

/** Each note as an object: its key is its SHA-256, and the same one is stored once. */
export function createObjectTarget(objects: Pick<ObjectStore, 'put'>): CheckpointTarget {
  return {
    name: 'objects',
    async copy(checkpoints) {
      for (const { note } of checkpoints) await objects.put(owner, Buffer.from(note));
    },
  };
}
