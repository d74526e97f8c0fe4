import { createHash, randomUUID } from 'node:crypto';
import { access, open, readFile, rm } from 'node:fs/promises';
import { EngineError } from '../../../../contracts/errors';
import type { ObjectStore } from '../port';
import { createLastingFolders } from './lasting-folders';
import { absent, createPlaces } from './places';
import { writeObject } from './write-object';

/**
 * Keeps objects in a folder of this machine: `{folder}/{tenant}/{aa}/{sha256}`, written beside and renamed into place.
 * Codes as in the port; `invalid_input` also for a tenant id or hash of another shape, as both become paths.
 */
export function createFolderStore({ folder }: { readonly folder: string }): ObjectStore {
  const places = createPlaces(folder);
  const folders = createLastingFolders();

  /** The first answer of where the object may lie. It may be moved between two looks, and back: hence the third. */
  async function find<T>(tenantId: string, sha256: string, look: (file: string) => Promise<T>): Promise<T | undefined> {
    const [stored, aside] = [places.ofObject(tenantId, sha256), places.ofSetAside(tenantId, sha256)];
    for (const file of [stored, aside, stored]) {
      const found = await look(file).catch(absent);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  const store: ObjectStore = {
    async put(tenantId, content, options = {}) {
      return writeObject({ folders, tenantFolder: places.ofTenant(tenantId) }, content, options);
    },
    async get(tenantId, sha256) {
      const bytes = await find(tenantId, sha256, (file) => readFile(file));
      if (bytes === undefined) throw new EngineError('resource_not_found', 'The object is not in the store.');
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new EngineError('internal_error', 'A stored object is damaged: its content does not match its hash.');
      }
      return bytes;
    },
    async read(tenantId, sha256) {
      const file = await find(tenantId, sha256, (each) => open(each));
      if (file === undefined) throw new EngineError('resource_not_found', 'The object is not in the store.');
      return file.createReadStream();
    },
    async exists(tenantId, sha256) {
      return (await find(tenantId, sha256, (file) => access(file).then(() => true))) ?? false;
    },
    async delete(tenantId, sha256) {
      await rm(places.ofObject(tenantId, sha256), { force: true });
      await rm(places.ofSetAside(tenantId, sha256), { force: true });
    },
    async checkHealth() {
      const probe = Buffer.from(`health ${randomUUID()}`);
      const { sha256 } = await store.put('health', probe);
      await store.get('health', sha256);
      await store.delete('health', sha256);
    },
  };
  return store;
}
