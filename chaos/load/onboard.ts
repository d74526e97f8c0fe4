import path from 'node:path';
import { writeFolder } from '../fixtures/documents';
import type { Draw } from '../random';
import { withDuplicates } from './duplicates';
import { settle } from './settle';
import { sqlSource } from './sql-source';
import { upload } from './upload';
import { sourceKinds, type LoadPlane, type LoadTenant, type SourceKind, type World } from './world';

/** Plane after plane of one tenant, from registration to answers, until the load closes. */
export async function onboardPlanes(world: World, tenant: LoadTenant, name: string): Promise<void> {
  const draw = world.draw.stream(`onboard/${name}`);
  for (let turn = 0; !world.closing.aborted; turn += 1) {
    const plane = await register(world, tenant, { label: `${name}-${turn}`, draw });
    if (plane === undefined) continue;
    tenant.planes.push(plane);
    world.count('planes registered');
    await settle(world, plane, { until: world.closing });
    if (!world.closing.aborted && plane.kind === 'upload') await upload(plane, draw, `later-${turn}`);
  }
}

async function register(
  world: World,
  tenant: LoadTenant,
  { label, draw }: { label: string; draw: Draw },
): Promise<LoadPlane | undefined> {
  const kind = draw.pick(sourceKinds);
  const source = await sourceOf(kind, world, { tenant, label, draw });
  if (source === undefined) return undefined;
  const body = { name: label, onboard: kind !== 'upload', unreadable_tolerance: 1, sources: [source] };
  const made = await withDuplicates(tenant.client, { method: 'POST', path: '/planes', body }, draw);
  if (made?.status !== 201) return undefined;
  const plane = { planeId: made.data.plane_id as string, kind, owner: tenant, hasDocuments: kind !== 'upload' };
  if (kind === 'upload') await upload(plane, draw, 'first');
  return plane;
}

interface Named {
  readonly tenant: LoadTenant;
  readonly label: string;
  readonly draw: Draw;
}

async function sourceOf(kind: SourceKind, world: World, { tenant, label, draw }: Named) {
  switch (kind) {
    case 'sql':
      return sqlSource(tenant.client, { name: label, connection: 'articles' });
    case 'upload':
      return { source_type: kind, name: 'uploads', config: {} };
    case 'http':
      return {
        ...{ source_type: kind, name: 'site' },
        config: { sitemap_url: `${world.siteOrigin}/site-${draw.below(1_000)}/sitemap.xml` },
      };
    case 'file': {
      const folder = path.join(world.documentsFolder, label);
      await writeFolder(folder, draw, { isPoisoned: world.isPoisoned && draw.chance(0.4) });
      return { source_type: kind, name: 'files', config: { path: folder } };
    }
  }
}
