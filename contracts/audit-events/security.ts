import { z } from 'zod';
import { count, nullableWords, refused, words, type AuditRules } from './common';

/** Events of tenants, keys, credentials, and of what was refused at the door. */
export const securityEvents = {
  OperationRefused: { category: 'security', severity: 'warn', evidence: refused },
  AccessRefused: { category: 'security', severity: 'warn', evidence: refused },
  MessageRefused: { category: 'security', severity: 'warn', evidence: z.strictObject({ message: words }) },
  TenantCreated: { category: 'configuration', severity: 'info', evidence: z.strictObject({ name: words }) },
  ApiKeyCreated: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ name: words, role: words, expires_at: nullableWords }),
  },
  TokenRolesAccepted: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ issuer: words, subject: words, roles: z.array(words), valid_until: words }),
  },
  IdentityBlocked: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ issuer: words, subject: words, reason: words }),
  },
  IdentityUnblocked: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ issuer: words, subject: words, reason: words }),
  },
  CredentialStored: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      name: words,
      credential_type: words,
      secret_version: count,
      key_id: words,
      expires_at: nullableWords,
    }),
  },
  CredentialRotated: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ name: words, secret_version: count, key_id: words, expires_at: nullableWords }),
  },
  CredentialDeleted: { category: 'security', severity: 'warn', evidence: z.strictObject({ name: words }) },
  CredentialAccessed: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      purpose: words,
      accessor_id: words,
      secret_version: count.nullable(),
      error: nullableWords,
    }),
  },
  MasterKeyRotationBegun: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ key_id: words, former_key_id: words }),
  },
  MasterKeyRotated: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ key_id: words, former_key_id: words, tenants: count, secrets: count }),
  },
  ApiKeyRevoked: { category: 'security', severity: 'info', evidence: z.strictObject({ name: words }) },
} as const satisfies AuditRules;
