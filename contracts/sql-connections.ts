import { z } from 'zod';
import { identifier } from './text';

const Ssl = z.union([
  z.boolean(),
  z.strictObject({ ca_file: z.string().min(1).optional(), verify: z.boolean().default(true) }),
]);

const common = {
  /** True checks the certificate. Absent means true, except on this machine. */
  ssl: Ssl.optional(),
  /** Who may name this connection: tenant ids, or * for all. */
  tenants: z.union([z.literal('*'), z.array(identifier.or(z.literal('*'))).min(1)]),
  password_file: z.string().min(1).optional(),
  /** Accepts a role that holds write privileges. Its transactions are read-only all the same. */
  allow_writable_role: z.boolean().default(false),
};

const ByUrl = z.strictObject({
  ...common,
  url: z
    .string()
    .refine((value) => URL.canParse(value) && /^postgres(ql)?:\/\/[^/]/i.test(value), {
      message: 'must be a URL that starts with postgresql:// and names a host',
    })
    // What stands there would be settings that nobody here has looked at.
    .refine((value) => !value.includes('?'), { message: 'must have nothing behind a ?: ssl has a member of its own' }),
});
const ByParts = z.strictObject({
  ...common,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5432),
  database: z.string().min(1),
  user: z.string().min(1),
  password: z.string().min(1).optional(),
});

export interface SqlConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
  readonly ssl: z.infer<typeof Ssl>;
  readonly tenants: '*' | readonly string[];
  readonly allowWritableRole: boolean;
}

const Connection = z
  .unknown()
  .transform((value, context): SqlConnection => {
    const schema = typeof value === 'object' && value !== null && 'url' in value ? ByUrl : ByParts;
    const parsed = schema.safeParse(value);
    if (parsed.success) return toConnection(parsed.data);
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  })
  .refine(({ password, passwordFile }) => password === undefined || passwordFile === undefined, {
    message: 'give the password or its file, not both',
  })
  .refine(({ database, user }) => database !== '' && user !== '', { message: 'must name a database and a user' });

/** Connections by name. */
export const SqlConnectionsFile = z.record(identifier, Connection);
export type SqlConnections = Readonly<Record<string, SqlConnection>>;

function toConnection(given: z.infer<typeof ByUrl> | z.infer<typeof ByParts>): SqlConnection {
  const parts = 'url' in given ? partsOf(given.url) : given;
  const { host, port, database, user, password } = parts;
  return {
    ...{ host, port, database, user, password },
    passwordFile: given.password_file,
    ssl: given.ssl ?? !isThisMachine(host),
    tenants: given.tenants,
    allowWritableRole: given.allow_writable_role,
  };
}

function partsOf(text: string) {
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decode(url.pathname.slice(1)),
    user: decode(url.username),
    password: url.password === '' ? undefined : decode(url.password),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');
}
