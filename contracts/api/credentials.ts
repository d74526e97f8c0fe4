import { z } from 'zod';
import { credentialActions, CredentialId, CredentialName, credentialNotes, credentialTypes } from '../credentials';
import { CounterKey, Moment, NullableTime, PageQuery, Time } from './common';

const CredentialType = z.enum(credentialTypes);
/** Which fields there are depends on the type, which a rotation does not name: they are checked where they are encrypted. */
const Secret = z.record(z.string().max(128), z.string());

export const CredentialPath = z.strictObject({ credential_id: CredentialId });

export const CredentialBody = z.strictObject({
  name: CredentialName,
  type: CredentialType,
  secret: Secret,
  ...credentialNotes,
  expires_at: Moment.optional(),
});

/** The type of a credential does not change, so the secret has the fields that the former one had. */
export const RotationBody = z.strictObject({ secret: Secret, expires_at: Moment.nullable().optional() });

export const CredentialQuery = PageQuery.extend({ type: CredentialType.optional() });

export const CredentialView = z.strictObject({
  credential_id: z.string(),
  name: z.string(),
  type: CredentialType,
  description: z.string().nullable(),
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  status: z.enum(['active', 'expired']),
  is_rotatable: z.boolean(),
  rotation_interval_days: z.int().nullable(),
  created_by: z.string(),
  created_at: Time,
  updated_at: Time,
  expires_at: NullableTime,
  last_accessed_at: NullableTime,
  access_count: z.int(),
});
export type CredentialView = z.infer<typeof CredentialView>;

export const StoredCredential = z.strictObject({
  credential_id: z.string(),
  name: z.string(),
  type: CredentialType,
  expires_at: NullableTime,
  audit_event_id: z.string(),
});

export const RotatedCredential = z.strictObject({
  credential_id: z.string(),
  secret_version: z.int(),
  expires_at: NullableTime,
  audit_event_id: z.string(),
});

export const DeletedCredential = z.strictObject({
  credential_id: z.string(),
  deleted: z.literal(true),
  audit_event_id: z.string(),
});

export const AccessView = z.strictObject({
  accessor_id: z.string(),
  accessor_type: z.string(),
  action: z.enum(credentialActions),
  purpose: z.string().nullable(),
  success: z.boolean(),
  error: z.string().nullable(),
  accessed_at: Time,
});
export type AccessView = z.infer<typeof AccessView>;
export const AccessKey = CounterKey;
