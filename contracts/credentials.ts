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
