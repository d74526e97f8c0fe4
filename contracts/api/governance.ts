import { z } from 'zod';
import { governanceModes, switchKinds, switchScopes } from '../switches';
import { text } from '../text';
import { NullableTime, Time } from './common';

const scopeFields = { scope: z.enum(switchScopes).default('tenant'), scope_id: text(128).optional() };

export const KillSwitchBody = z.strictObject({
  enabled: z.boolean(),
  reason: text(1000),
  ...scopeFields,
  kind: z.enum(switchKinds).default('kill'),
});
export const ModeBody = z.strictObject({ mode: z.enum(governanceModes), reason: text(1000), ...scopeFields });

const changed = {
  success: z.literal(true),
  previous_mode: z.enum(governanceModes),
  current_mode: z.enum(governanceModes),
  timestamp: Time,
  actor: z.string(),
  reason: z.string(),
  scope: z.enum(switchScopes),
  scope_id: z.string().nullable(),
};

export const SwitchChangeView = z.strictObject({
  ...changed,
  kind: z.enum(switchKinds),
  switch_id: z.string(),
  epoch: z.int(),
  enabled: z.boolean(),
});

/** `switch_id` and `epoch` belong to the switch that the mode stands on; null for NORMAL. */
export const ModeChangeView = z.strictObject({
  ...changed,
  switch_id: z.string().nullable(),
  epoch: z.int().nullable(),
});

export const SwitchView = z.strictObject({
  switch_id: z.string(),
  kind: z.enum(switchKinds),
  scope: z.enum(switchScopes),
  scope_id: z.string().nullable(),
  tenant_id: z.string().nullable(),
  owner: z.enum(['tenant', 'operator']),
  enabled: z.boolean(),
  epoch: z.int(),
  reason: z.string(),
  actor_id: z.string(),
  actor_type: z.string(),
  created_at: Time,
  updated_at: Time,
});
export type SwitchView = z.infer<typeof SwitchView>;

export const GovernanceState = z.strictObject({
  mode: z.enum(governanceModes),
  /** No kill switch applies to the caller. */
  active: z.boolean(),
  degraded_mode: z.boolean(),
  last_changed: NullableTime,
  last_change_reason: z.string().nullable(),
  last_change_actor: z.string().nullable(),
  switches: z.array(SwitchView),
});

export const Components = z.record(
  z.string(),
  z.strictObject({ healthy: z.boolean(), message: z.string().optional() }),
);

export const BootStatus = z.strictObject({
  healthy: z.boolean(),
  components: Components,
  boot_time: Time,
  uptime_seconds: z.int(),
});
