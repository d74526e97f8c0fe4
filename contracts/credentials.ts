import { z } from 'zod';
import { rawText, text } from './text';

export const CredentialId = z.string().regex(/^cred_[0-9a-f]{12}$/, 'a credential id: cred_ and 12 hex digits');

const secret = rawText(16_384).min(1);
const name = text(128);

/** The secret fields of each type; they are stored encrypted and never given back. */
export const credentialSecrets = {
  api_key: z.strictObject({ api_key: secret, header: text(128).optional() }),
  bearer_token: z.strictObject({ token: secret }),
  basic_auth: z.strictObject({ username: secret, password: secret }),
  oauth: z.strictObject({
    client_id: secret,
    client_secret: secret,
    /** The token endpoint of OAuth 2.0 client credentials (RFC 6749 section 4.4). */
    token_url: z.url({ protocol: /^https?$/ }).max(512),
    scope: text(1000).optional(),
  }),
  database: z.strictObject({ host: secret, username: secret, password: secret }),
  ssh_key: z.strictObject({ private_key: secret, passphrase: secret.optional() }),
  certificate: z.strictObject({ certificate: secret, private_key: secret }),
  custom: z.record(name, secret).refine((fields) => Object.keys(fields).length > 0, 'at least one field'),
} as const;
export type CredentialType = keyof typeof credentialSecrets;
export const credentialTypes = Object.keys(credentialSecrets) as [CredentialType, ...CredentialType[]];

export const credentialActions = ['store', 'get', 'update', 'delete', 'rotate'] as const;
export type CredentialAction = (typeof credentialActions)[number];

/** A secret as it is stored: AES-256-GCM, bytes in base64. */
export const SealedSecret = z.strictObject({
  secretVersion: z.int().min(1),
  keyId: z.string().min(1).max(64),
  nonce: z.base64().length(16),
  ciphertext: z.base64(),
  tag: z.base64().length(24),
});
export type SealedSecret = z.infer<typeof SealedSecret>;

/** Encrypts a secret for one place only; `standIn` says the same of equal secrets, and nothing to who lacks the key. */
export type SealSecret = (input: {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly secretVersion: number;
  readonly fields: Readonly<Record<string, string>>;
}) => Promise<{ readonly sealed: SealedSecret; readonly standIn: string }>;

export const purposeMax = 256;

const fieldsMax = 50;
const atMost = (count: number) => (value: object) => Object.keys(value).length <= count;

/** What may be told of a credential; nothing of it is secret. */
export const credentialNotes = {
  description: text(1024).optional(),
  tags: z.array(text(64)).max(fieldsMax).default([]),
  metadata: z
    .record(text(64), z.union([rawText(1024), z.number(), z.boolean(), z.null()]))
    .refine(atMost(fieldsMax), `at most ${fieldsMax} fields`)
    .default({}),
  is_rotatable: z.boolean().default(false),
  rotation_interval_days: z.int().min(1).max(3650).optional(),
};

export const CredentialName = name;

type SecretFields = Readonly<Record<string, string>>;

/** The fields of a secret of the type, or what is wrong with them: names of fields, never what they hold. */
export function checkSecret(
  type: CredentialType,
  value: unknown,
): { readonly fields: SecretFields } | { readonly issue: { readonly field: string; readonly message: string } } {
  const parsed = credentialSecrets[type].safeParse(value);
  if (parsed.success) {
    const entries = Object.entries(parsed.data).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { fields: Object.fromEntries(entries) };
  }
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const at = [...(issue?.path ?? []).map(String), ...(unknown === undefined ? [] : [unknown])];
  return {
    issue: {
      field: ['secret', ...at].join('.').slice(0, 200),
      message: unknown === undefined ? (issue?.message ?? 'not valid') : `a secret of type ${type} has no such field`,
    },
  };
}

/** Why a secret was not handed out. `changed`: it was rotated, deleted or ran out between the reading and the record. */
export const accessFailures = ['not_found', 'expired', 'key_unavailable', 'not_authentic', 'changed'] as const;
export type AccessFailure = (typeof accessFailures)[number];
