import { z } from 'zod';
import { ServerId } from '../tool-schemas';
import {
  discoveryStates,
  findingKinds,
  serverAuthTypes,
  serverCapabilities,
  serverStatuses,
  serverTransports,
} from '../tools';
import { NullableTime, PageQuery, Time } from './common';

export const ServerPath = z.strictObject({ server_id: ServerId });

export const ServerQuery = PageQuery.extend({
  status: z.enum(serverStatuses).optional(),
  /** With those that are switched off. */
  include_disabled: z.enum(['true', 'false']).default('false'),
});

export const RegisteredServer = z.strictObject({
  server_id: z.string(),
  name: z.string(),
  status: z.enum(serverStatuses),
  /** The look at its tools that has begun. */
  discovery_id: z.string(),
  audit_event_id: z.string(),
});

export const ChangedServer = z.strictObject({
  server_id: z.string(),
  /** The look at its tools that has begun, where the change puts the server to use again. */
  discovery_id: z.string().nullable(),
  audit_event_id: z.string(),
});

export const UnregisteredServer = z.strictObject({
  server_id: z.string(),
  deleted: z.literal(true),
  audit_event_id: z.string(),
});

export const ServerView = z.strictObject({
  server_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  url: z.string(),
  transport: z.enum(serverTransports),
  auth_type: z.enum(serverAuthTypes),
  credential_id: z.string().nullable(),
  status: z.enum(serverStatuses),
  enabled: z.boolean(),
  requires_approval: z.boolean(),
  default_policy_id: z.string().nullable(),
  rate_limit_requests: z.int().nullable(),
  rate_limit_window_seconds: z.int(),
  capabilities: z.array(z.enum(serverCapabilities)),
  protocol_version: z.string().nullable(),
  tool_count: z.int(),
  resource_count: z.int(),
  prompt_count: z.int(),
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  last_error: z.string().nullable(),
  last_discovery_at: NullableTime,
  last_health_check_at: NullableTime,
  health_check_failures: z.int(),
  registered_by: z.string(),
  registered_at: Time,
  updated_at: Time,
});
export type ServerView = z.infer<typeof ServerView>;

export const FindingView = z.strictObject({
  tool: z.string(),
  kind: z.enum(findingKinds),
  /** JSON pointer into the definition. */
  field: z.string(),
  message: z.string(),
});

export const DiscoveryView = z.strictObject({
  discovery_id: z.string(),
  state: z.enum(discoveryStates),
  requested_by: z.string(),
  requested_at: Time,
  ended_at: NullableTime,
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});
export type DiscoveryView = z.infer<typeof DiscoveryView>;

export const ServerDetail = ServerView.extend({
  /** What the server calls itself: a stranger's word. */
  server_info: z.record(z.string(), z.unknown()).nullable(),
  /** What to look at before its definitions are trusted. */
  findings: z.array(FindingView),
  /** The last that somebody asked for. */
  discovery: DiscoveryView.nullable(),
});
export type ServerDetail = z.infer<typeof ServerDetail>;

export const ServerHealth = z.strictObject({
  server_id: z.string(),
  status: z.enum(serverStatuses),
  latency_ms: z.int().nullable(),
  /** Failed looks in a row, counted up to those that make it offline. */
  failures: z.int(),
  last_health_check_at: NullableTime,
  last_error: z.string().nullable(),
});

export const DiscoveryAnswer = DiscoveryView.extend({
  server_id: z.string(),
  /** Null unless the discovery is completed. */
  tools: z.int().nullable(),
  added: z.array(z.string()),
  changed: z.array(z.string()),
  gone: z.array(z.string()),
  findings: z.array(FindingView),
});
export type DiscoveryAnswer = z.infer<typeof DiscoveryAnswer>;
