import { z } from 'zod';
import { governanceModes, pauseTimeouts, switchKinds, switchScopes } from '../switches';
import { text } from '../text';
import { NullableTime, PageQuery, Time } from './common';

const scopeFields = {
  scope: z.enum(switchScopes).default('tenant'),
  scope_id: text(128).optional(),
  /** For the operator: whose capability, server, run or integration is meant. */
  tenant_id: text(64).optional(),
};

export const KillSwitchBody = z.strictObject({
  enabled: z.boolean(),
  reason: text(1000),
  ...scopeFields,
  kind: z.enum(switchKinds).default('kill'),
  /** Of a pause: how long runs may wait, and what becomes of them then. */
  sla_seconds: z.int().min(60).max(604_800).optional(),
  on_timeout: z.enum(pauseTimeouts).optional(),
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

/** How a kill reached the workflows in its scope. Counts rise while `status` is `running`. */
export const SwitchReport = z.strictObject({
  switch_id: z.string(),
  kind: z.enum(switchKinds),
  scope: z.enum(switchScopes),
  scope_id: z.string().nullable(),
  enabled: z.boolean(),
  epoch: z.int(),
  reason: z.string(),
  /** `none`: this kind of switch is obeyed by the work itself, at its next step. */
  status: z.enum(['none', 'queued', 'running', 'completed', 'superseded']),
  workflow_id: z.string().nullable(),
  seen: z.int(),
  signalled: z.int(),
  ended: z.int(),
  survivors: z.int(),
  survivor_ids: z.array(z.string()),
  /** Runs that wait at this switch now. */
  paused_runs: z.int(),
  queued_at: NullableTime,
  started_at: NullableTime,
  ended_at: NullableTime,
});
export type SwitchReport = z.infer<typeof SwitchReport>;

export const SwitchPath = z.strictObject({ switch_id: z.string().regex(/^sw_[0-9a-f]{8,32}$/) });
export const PausePath = z.strictObject({ pause_id: z.string().regex(/^pause_[0-9a-f]{8,32}$/) });
export const ResumeBody = z.strictObject({ reason: text(1000) });
export const PauseQuery = PageQuery.extend({ status: z.enum(['open', 'ended']).optional() });

export const PauseView = z.strictObject({
  pause_id: z.string(),
  run_id: z.string(),
  plane_id: z.string(),
  workflow_id: z.string(),
  switch_id: z.string(),
  epoch: z.int(),
  reason: z.string(),
  paused_at: Time,
  sla_deadline: Time,
  on_timeout: z.enum(pauseTimeouts),
  warned_at: NullableTime,
  escalated_at: NullableTime,
  /** Null while the run waits. */
  outcome: z.enum(['resumed', 'continued', 'terminated', 'killed']).nullable(),
  resumed_by: z.string().nullable(),
  resumed_at: NullableTime,
});
export type PauseView = z.infer<typeof PauseView>;

export const ResumedView = z.strictObject({ pause_id: z.string(), run_id: z.string(), plane_id: z.string() });

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

/** A kill leaves a switch on each execution that it ended; they stay on, and do no harm. */
export const SwitchesQuery = PageQuery.extend({ executions: z.enum(['include', 'exclude']).default('include') });
