import { setTimeout as sleep } from 'node:timers/promises';
import { urlUser } from '../secrets';
import type { Request } from './client';
import { sqlSource } from './sql-source';
import type { World } from './world';

/** Hands secrets over where they do not belong, as people do: AOS may refuse or ignore them, and keeps none. */
export async function beCareless(world: World): Promise<void> {
  const draw = world.draw.stream('careless');
  for (let turn = 0; !world.closing.aborted; turn += 1) {
    await sleep(draw.between(2_000, 6_000), undefined, { signal: world.closing }).catch(() => {});
    if (world.closing.aborted) return;
    const { client } = draw.pick(world.tenants);
    const how = draw.pick(['in the address', 'as a header', 'as a key', 'to a database'] as const);
    const name = `careless ${turn}`;
    if (how === 'as a key') await world.stranger.once({ method: 'GET', path: '/planes' });
    else if (how === 'to a database') {
      const source = await sqlSource(client, { name, connection: 'refused' });
      // Its verification fails, and nobody asks for it again.
      if (source !== undefined) await client.persist(registration(name, source));
    } else await client.persist(registration(name, carelessSource(world, how)));
    world.count(`secrets handed over ${how}`);
  }
}

function registration(name: string, source: unknown): Request {
  return { method: 'POST', path: '/planes', body: { name, onboard: true, sources: [source] } };
}

function carelessSource({ siteOrigin, secrets }: World, how: 'in the address' | 'as a header') {
  const site = new URL('/site-1/sitemap.xml', siteOrigin);
  const source = { source_type: 'http', name: 'site' };
  if (how === 'as a header') {
    const headers = { authorization: `Bearer ${secrets.headerValue}` };
    return { ...source, config: { sitemap_url: site.href, headers } };
  }
  site.username = urlUser;
  site.password = secrets.urlPassword;
  return { ...source, config: { sitemap_url: site.href } };
}
