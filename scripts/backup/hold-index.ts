import { link, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { StartError } from '../stack/terminal';

/** As long as others hold theirs: the copied database holds these rows too, and a restored one waits for their end. */
const leaseSeconds = 30;

export interface HeldIndex {
  /** Fails when it was not held until now. */
  release(): Promise<void>;
}

/**
 * Lets nobody write the vectors of any tenant until released: the lease that indexing and tidying take. Without it rows
 * that the copied database still shows could be tidied away before the vectors are copied.
 */
export async function holdIndex(client: Client): Promise<HeldIndex> {
  const holder = `lease_backup_${process.pid}`;
  const missing = `
    select tenant_id, 'vectors:' || tenant_id as resource from tenants t where not exists (
      select from resource_leases l where l.resource = 'vectors:' || t.tenant_id and l.holder = '${holder}')`;
  const take = `
    with taken as (
      insert into resource_leases as l (resource, tenant_id, holder, expires_at)
      select resource, tenant_id, '${holder}', now() + interval '${leaseSeconds} seconds' from (${missing}) m
      on conflict (resource) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where l.expires_at < now()
      returning 1)
    select (select count(*) from (${missing}) m) - (select count(*) from taken) as left`;
  const release = async () => {
    const { rows } = await client.query<{ lost: boolean }>(
      'delete from resource_leases where holder = $1 returning expires_at < now() as lost',
      [holder],
    );
    if (rows.some(({ lost }) => lost)) {
      throw new StartError('The index could not be held for as long as its files take: stop the stack, then back up.');
    }
  };
  for (;;) {
    const { rows } = await client.query<{ left: string }>(take);
    if (rows[0]?.left === '0') return { release };
    await sleep(50);
  }
}

/** The same files under another folder, in moments whatever their size: files of the index are never changed once written. */
export async function linkFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await linkFolder(source, target);
    else if (entry.isFile()) await link(source, target);
  }
}
