import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectSweep } from '../port';
import { absent, createPlaces } from './places';

/** Sweeps the folder of `createFolderStore`. The time of a file says when it was stored, or set aside. */
export function createFolderSweep({ folder }: { readonly folder: string }): ObjectSweep {
  const places = createPlaces(folder);
  return {
    async *listStored(tenantId, before) {
      const root = places.ofTenant(tenantId);
      for (const part of (await namesIn(root)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
        const objects = await objectsIn(path.join(root, part), before);
        if (objects.length > 0) yield objects.map(({ sha256 }) => sha256);
      }
    },
    async *listSetAside(tenantId, before) {
      const objects = await objectsIn(places.aside(tenantId), before);
      if (objects.length > 0) yield objects;
    },
    async setAside(tenantId, sha256) {
      const stored = places.ofObject(tenantId, sha256);
      const now = new Date();
      await mkdir(places.aside(tenantId), { recursive: true });
      // In this order: one that was set aside under its old time would be discarded at once.
      await utimes(stored, now, now).catch(absent);
      await rename(stored, places.ofSetAside(tenantId, sha256)).catch(absent);
    },
    async takeBack(tenantId, sha256) {
      await rename(places.ofSetAside(tenantId, sha256), places.ofObject(tenantId, sha256)).catch(absent);
    },
    async discard(tenantId, sha256) {
      await rm(places.ofSetAside(tenantId, sha256), { force: true });
    },
    async discardHalfWritten(tenantId, before) {
      const root = places.ofTenant(tenantId);
      let discarded = 0;
      for (const name of (await namesIn(root)).filter((each) => each.endsWith('.part'))) {
        const found = await stat(path.join(root, name)).catch(absent);
        if (found === undefined || found.mtime >= before) continue;
        await rm(path.join(root, name), { force: true });
        discarded += 1;
      }
      return discarded;
    },
  };
}

async function objectsIn(folder: string, before: Date): Promise<{ sha256: string; bytes: number }[]> {
  const objects: { sha256: string; bytes: number }[] = [];
  for (const name of (await namesIn(folder)).filter((each) => /^[0-9a-f]{64}$/.test(each))) {
    const found = await stat(path.join(folder, name)).catch(absent);
    if (found?.isFile() === true && found.mtime < before) objects.push({ sha256: name, bytes: found.size });
  }
  return objects;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}
