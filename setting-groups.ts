import ipaddr from 'ipaddr.js';
import path from 'node:path';
import { z } from 'zod';
import { rateDefaults } from './contracts/rate-limits';
import {
  anyPort,
  count,
  file,
  folder,
  hostAndPort,
  httpUrl,
  list,
  port,
  postgresUrl,
  rate,
  vaultProvider,
} from './setting-kinds';

// Settings by what they are about; each process reads the groups that concern it.

export const common = {
  AOS_DATA_DIR: folder('.aos'),
  AOS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      message: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
};

export const listen = {
  AOS_API_HOST: z.string().default('127.0.0.1'),
  AOS_API_PORT: port(7080),
};

export const metrics = {
  AOS_WORKER_METRICS_HOST: z.string().default('127.0.0.1'),
  AOS_WORKER_METRICS_PORT: anyPort.optional(),
};

export const versioning = {
  AOS_WORKER_VERSIONING: z.enum(['on', 'off'], { message: 'must be on or off' }).default('off'),
  AOS_WORKER_BUILD_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
    .optional(),
};

export const outside = {
  AOS_FILE_ROOTS: z
    .string()
    .transform((value) => list(':')(value).map((root) => path.resolve(root)))
    .optional(),
  AOS_EGRESS_ALLOW: z
    .string()
    .transform(list(','))
    .refine((entries) => entries.every((entry) => Number(hostAndPort.exec(entry)?.[2] ?? 65_536) <= 65_535), {
      message: 'must be a comma-separated list of host:port',
    })
    .default([]),
  AOS_SQL_CONNECTIONS_FILE: file.optional(),
  AOS_STDIO_SERVERS_FILE: file.optional(),
  AOS_MASTER_KEY_FILE: file.optional(),
  CREDENTIAL_VAULT_PROVIDER: vaultProvider,
  AOS_SIGNING_KEY_FILE: file.optional(),
  AOS_EMBEDDER_URL: httpUrl.optional(),
  AOS_EMBEDDER_MODEL: z.string().optional(),
  AOS_EMBEDDER_API_KEY: z.string().optional(),
  AOS_EMBEDDER_DIMENSION: count(65_536),
  AOS_EMBEDDER_THREADS: count(64),
  AOS_TASK_QUEUE: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 lower-case letters, digits or hyphens')
    .default('aos'),
  AOS_TEST_BARRIER: z.string().optional(),
};

export const evidence = {
  AOS_CHECKPOINT_DIR: file.optional(),
  AOS_CHECKPOINT_COPIES: z
    .string()
    .transform(list(','))
    .refine((names) => names.every((name) => ['folder', 'objects', 'none'].includes(name)), {
      message: 'must be folder, objects, both with a comma between, or none',
    })
    .default(['folder']),
  AOS_CHECKPOINT_WEBHOOK_URL: httpUrl.optional(),
  AOS_SEAL_LAG_MAX_SECONDS: count(86_400),
};

const proxyNames = new Set(['loopback', 'linklocal', 'uniquelocal']);
const isProxy = (entry: string) => proxyNames.has(entry) || ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry);

const hostName = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

export const door = {
  AOS_OIDC_ISSUERS_FILE: file.optional(),
  AOS_RATE_LIMIT_KEY: rate(rateDefaults.key),
  AOS_RATE_LIMIT_TENANT: rate(rateDefaults.tenant),
  AOS_TRUST_PROXY: z
    .string()
    .transform((value): number | readonly string[] => (/^\d{1,2}$/.test(value) ? Number(value) : list(',')(value)))
    .refine((value) => typeof value === 'number' || value.every(isProxy), {
      message: 'must be a number of proxies, or addresses, networks, loopback, linklocal, uniquelocal',
    })
    .default([]),
  AOS_MCP_HOSTS: z
    .string()
    .transform(list(','))
    .refine((names) => names.every((name) => hostName.test(name)), {
      message: 'must be a comma-separated list of host names, without scheme or port',
    })
    .default([]),
};

export const logins = { AOS_DATABASE_APP_URL: postgresUrl, AOS_DATABASE_SYSTEM_URL: postgresUrl };
