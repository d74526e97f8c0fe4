import { z } from 'zod';
import { roleGrants, type Role } from '../roles';
import { text } from '../text';
import { NullableTime, Time } from './common';

export const IdentityId = z.string().regex(/^idn_[0-9a-f]{32}$/, 'an identity id: idn_ and 32 hex digits');
export const IdentityPath = z.strictObject({ identity_id: IdentityId });
export const BlockBody = z.strictObject({ reason: text(1000) });

export const IdentityView = z.strictObject({
  identity_id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  status: z.enum(['active', 'blocked']),
  /** That its tokens brought and that still count. */
  roles: z.array(z.enum(Object.keys(roleGrants) as [Role, ...Role[]])),
  roles_until: NullableTime,
  first_seen_at: Time,
  blocked_at: NullableTime,
  blocked_by: z.string().nullable(),
  block_reason: z.string().nullable(),
});
export type IdentityView = z.infer<typeof IdentityView>;

export const ChangedIdentity = z.strictObject({
  identity_id: z.string(),
  status: z.enum(['active', 'blocked']),
  audit_event_id: z.string(),
});
