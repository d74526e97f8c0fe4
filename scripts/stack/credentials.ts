import path from 'node:path';
import { readJson, writePrivate } from './files';

export interface TenantKeys {
  readonly tenant_id: string;
  readonly admin_key: string;
  /** Absent where the first start was one of an earlier version. */
  readonly second_admin_key?: string;
  readonly developer_key: string;
  readonly viewer_key: string;
  readonly auditor_key: string;
}

/** Keys exist in clear only when they are made; the database keeps their hashes. */
export interface Keys {
  readonly operator_key: string;
  readonly tenants: readonly TenantKeys[];
}

export interface Credentials extends Keys {
  readonly api_url: string;
  readonly temporal_address: string;
  readonly temporal_namespace: string;
  readonly temporal_ui_url: string | null;
  readonly temporal_cli: string | null;
  readonly database_url: string;
}

export function credentialsFile(dataDir: string): string {
  return path.join(dataDir, 'credentials.json');
}

/** The keys of an earlier start, when this data folder has them. */
export async function readKeys(dataDir: string): Promise<Keys | undefined> {
  const kept = await readJson<Partial<Credentials>>(credentialsFile(dataDir));
  if (kept?.operator_key === undefined || kept.tenants === undefined) return undefined;
  return { operator_key: kept.operator_key, tenants: kept.tenants };
}

/** What a person or a script needs to use this stack, readable by its owner alone. */
export async function writeCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  await writePrivate(credentialsFile(dataDir), `${JSON.stringify(credentials, null, 2)}\n`);
}
