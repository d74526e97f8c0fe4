import { z } from 'zod';
import { roleGrants, tenantRoles, type Role } from '../roles';
import { identifier, text } from '../text';
import { NullableTime, Time } from './common';

const RoleName = z.enum(Object.keys(roleGrants) as [Role, ...Role[]]);

export const KeyPath = z.strictObject({ key_id: identifier });
export const KeyBody = z.strictObject({
  name: text(128),
  role: z.enum(tenantRoles),
  expires_at: z.iso.datetime({ offset: true }).optional(),
});

/** The secret is shown once: a repeated call with the same idempotency key gets null. */
export const CreatedKey = z.strictObject({
  key_id: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  role: RoleName,
  expires_at: z.string().nullable(),
  audit_event_id: z.string(),
});

export const KeyView = z.strictObject({
  key_id: z.string(),
  name: z.string(),
  role: RoleName.nullable(),
  roles: z.array(RoleName),
  key_prefix: z.string(),
  status: z.enum(['active', 'expired', 'revoked']),
  created_by: z.string(),
  created_at: Time,
  expires_at: NullableTime,
  revoked_at: NullableTime,
});
export type KeyView = z.infer<typeof KeyView>;

export const RevokedKey = z.strictObject({ key_id: z.string(), revoked: z.literal(true), audit_event_id: z.string() });

export const TenantBody = z.strictObject({ name: text(128) });
export const CreatedTenant = z.strictObject({
  tenant_id: z.string(),
  name: z.string(),
  admin_key: z.string().nullable(),
});
