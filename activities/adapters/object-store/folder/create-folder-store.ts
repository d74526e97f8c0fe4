import { createHash, randomUUID } from 'node:crypto';
import { access, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../../../contracts/errors';
import type { ObjectStore } from '../port';
import { createLastingFolders } from './lasting-folders';
import { writeObject } from './write-object';

/**
 * Keeps objects in a folder of this machine: `{folder}/{tenant}/{aa}/{sha256}`, written beside and renamed into place.
 * Codes as in the port; `invalid_input` also for a tenant id or hash of another shape, as both become paths.
 */
export function createFolderStore({ folder }: { readonly folder: string }): ObjectStore {
  const tenantFolder = (tenantId: string) => path.join(folder, checked(tenantId, /^[a-z0-9_-]{1,64}$/, 'tenant id'));
  const pathOf = (tenantId: string, sha256: string) =>
    path.join(tenantFolder(tenantId), checked(sha256, /^[0-9a-f]{64}$/, 'hash').slice(0, 2), sha256);

  const folders = createLastingFolders();
  const store: ObjectStore = {
    async put(tenantId, content, options = {}) {
      return writeObject({ folders, tenantFolder: tenantFolder(tenantId) }, content, options);
    },
    async get(tenantId, sha256) {
      const bytes = await readFile(pathOf(tenantId, sha256)).catch((error: unknown) => {
        throw isMissing(error) ? new EngineError('resource_not_found', 'The object is not in the store.') : error;
      });
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new EngineError('internal_error', 'A stored object is damaged: its content does not match its hash.');
      }
      return bytes;
    },
    async exists(tenantId, sha256) {
      return access(pathOf(tenantId, sha256)).then(
        () => true,
        (error: unknown) => {
          if (isMissing(error)) return false;
          throw error;
        },
      );
    },
    async delete(tenantId, sha256) {
      await rm(pathOf(tenantId, sha256), { force: true });
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

function checked(value: string, shape: RegExp, what: string): string {
  if (!shape.test(value)) throw new EngineError('invalid_input', `The ${what} has not the expected form.`);
  return value;
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
