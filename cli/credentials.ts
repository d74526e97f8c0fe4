import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CliDeps } from './deps';
import { usageFailure } from './failures';

export const roles = ['admin', 'developer', 'viewer', 'auditor', 'operator'] as const;
/** Keys of credentials.json by name: one for each role, and that of another administrator, who may approve calls. */
export const keyNames = [...roles, 'second-admin'] as const;
export type KeyName = (typeof keyNames)[number];

export interface Credentials {
  readonly apiUrl: string;
  readonly apiKey: string;
}

export interface CredentialChoice {
  readonly tenant?: string;
  readonly role?: KeyName;
}

type CredentialsFile = Readonly<Record<string, unknown>> & {
  readonly tenants?: readonly Readonly<Record<string, unknown>>[];
};

/** AOS_API_URL with AOS_API_KEY; without them, the key that tenant and role choose from credentials.json. */
export function readCredentials(
  deps: Pick<CliDeps, 'env' | 'cwd' | 'projectRoot'>,
  choice: CredentialChoice,
): Credentials {
  const apiUrl = filled(deps.env.AOS_API_URL);
  const apiKey = filled(deps.env.AOS_API_KEY);
  if (apiUrl === undefined && apiKey === undefined) return fromFile(deps, choice);

  // A key from the file must never travel to an address that only the environment names.
  if (apiUrl === undefined) throw usageFailure('AOS_API_KEY is set but AOS_API_URL is not', 'set both, or neither');
  if (apiKey === undefined) throw usageFailure('AOS_API_URL is set but AOS_API_KEY is not', 'set both, or neither');
  if (choice.tenant !== undefined || choice.role !== undefined) {
    throw usageFailure('--tenant and --role choose a key from credentials.json, but AOS_API_KEY is set', 'use one');
  }
  return { apiUrl: checkedUrl(apiUrl, 'AOS_API_URL'), apiKey };
}

function fromFile(deps: Pick<CliDeps, 'env' | 'cwd' | 'projectRoot'>, choice: CredentialChoice): Credentials {
  const { file, content } = readFirst(candidates(deps));
  const role = choice.role ?? 'admin';
  const holder = role === 'operator' ? content : tenantOf(content, choice.tenant, file);
  const apiKey = holder[`${role.replace('-', '_')}_key`];
  if (typeof apiKey !== 'string') throw usageFailure(`${file} holds no key for the role ${role}`);
  return { apiUrl: checkedUrl(content['api_url'], `api_url in ${file}`), apiKey };
}

function candidates({ env, cwd, projectRoot }: Pick<CliDeps, 'env' | 'cwd' | 'projectRoot'>): readonly string[] {
  const dataDir = filled(env.AOS_DATA_DIR);
  const folders = dataDir === undefined ? [path.join(cwd, '.aos'), path.join(projectRoot, '.aos')] : [dataDir];
  return [...new Set(folders.map((folder) => path.resolve(cwd, folder, 'credentials.json')))];
}

function readFirst(files: readonly string[]): { file: string; content: CredentialsFile } {
  for (const file of files) {
    try {
      return { file, content: JSON.parse(readFileSync(file, 'utf8')) as CredentialsFile };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw usageFailure(`${file} cannot be read: ${code ?? 'it is not valid JSON'}`);
    }
  }
  throw usageFailure(
    `no credentials: ${files.join(' and ')} not found`,
    'start AOS with "npm start", or set AOS_API_URL and AOS_API_KEY (AOS_DATA_DIR names another data folder)',
  );
}

function tenantOf(content: CredentialsFile, wanted: string | undefined, file: string) {
  const tenants = content.tenants ?? [];
  const byId = tenants.find((tenant) => tenant['tenant_id'] === wanted);
  const byNumber = /^\d+$/.test(wanted ?? '1') ? tenants[Number(wanted ?? 1) - 1] : undefined;
  const tenant = byId ?? byNumber;
  if (tenant !== undefined) return tenant;
  const known = tenants.map((each, index) => `${index + 1} (${String(each['tenant_id'])})`).join(', ');
  throw usageFailure(`${file} holds no tenant ${wanted ?? 1}`, known === '' ? undefined : `known tenants: ${known}`);
}

function checkedUrl(value: unknown, subject: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw usageFailure(`${subject} is not an http(s) address`);
  return url.href.replace(/\/+$/, '');
}

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
