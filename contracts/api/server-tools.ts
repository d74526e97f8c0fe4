import { z } from 'zod';
import { ApprovedTools } from '../tool-schemas';
import { definitionStates, riskLevels } from '../tools';
import { text } from '../text';
import { NullableTime, Time } from './common';

const reason = text(1000);

export const ApprovalOfDefinitions = z.strictObject({ tools: ApprovedTools, reason });

export const ApprovedDefinitions = z.strictObject({ server_id: z.string(), approved: z.int() });

export const ChangedTool = z.strictObject({ tool_id: z.string(), audit_event_id: z.string() });

export const GrantBody = z.strictObject({ reason });
export const RevocationQuery = z.strictObject({ reason: reason.default('taken back') });

export const ChangedGrant = z.strictObject({
  tool_id: z.string(),
  grant_id: z.string(),
  granted: z.boolean(),
  audit_event_id: z.string(),
});

const jsonObject = z.record(z.string(), z.unknown());

const Difference = z.strictObject({
  /** JSON pointer into the definition. */
  field: z.string(),
  /** As JSON; absent where the field was added or removed. */
  from: z.string().optional(),
  to: z.string().optional(),
});

export const ToolView = z.strictObject({
  tool_id: z.string(),
  server_id: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  input_schema: jsonObject,
  output_schema: jsonObject.nullable(),
  annotations: jsonObject.nullable(),
  definition_hash: z.string(),
  definition_state: z.enum(definitionStates),
  pinned_by: z.string(),
  pinned_at: Time,
  /** Of a tool that is described otherwise than pinned: what is approved, and what that changes. */
  seen: z.strictObject({ seen_hash: z.string(), differences: z.array(Difference) }).nullable(),
  risk_level: z.enum(riskLevels),
  /** Null where the risk follows from the name and the annotations. */
  risk_set_by: z.string().nullable(),
  enabled: z.boolean(),
  is_dangerous: z.boolean(),
  requires_explicit_allow: z.boolean(),
  requires_policy: z.boolean(),
  policy_id: z.string().nullable(),
  required_permissions: z.array(z.string()),
  max_calls_per_minute: z.int(),
  retry_safe: z.boolean(),
  grant: z
    .strictObject({ grant_id: z.string(), granted_by: z.string(), granted_at: Time, reason: z.string() })
    .nullable(),
  invocation_count: z.int(),
  failure_count: z.int(),
  last_invoked_at: NullableTime,
  discovered_at: Time,
});
export type ToolView = z.infer<typeof ToolView>;

/** Tools are listed by their names. */
export const ToolKey = z.string().max(128);
