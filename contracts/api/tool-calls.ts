import { z } from 'zod';
import { callOutcomes, callStates } from '../tool-calls';
import { ToolArguments } from '../tool-call-schemas';
import { ServerId, ToolId } from '../tool-schemas';
import { identifier } from '../text';
import { NullableTime, Time } from './common';

export const ToolPath = z.strictObject({ server_id: ServerId, tool_id: ToolId });

export const InvokeBody = z.strictObject({
  /** The arguments, as the tool's input schema has them. */
  input: ToolArguments,
  run_id: identifier.optional(),
});

/** What a tool answered, as its server sent it (MCP `CallToolResult`). */
export const ToolOutput = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
});

export const CallView = z.strictObject({
  invocation_id: z.string(),
  server_id: z.string(),
  tool_id: z.string(),
  tool_name: z.string(),
  /** `pending` waits for an approval, `running` is being sent; else the outcome. */
  status: z.enum(['pending', 'running', ...callOutcomes]),
  state: z.enum(callStates),
  output: ToolOutput.nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  duration_ms: z.int().nullable(),
  policy_decision: z.enum(['allowed', 'blocked', 'flagged', 'pending']),
  policy_id: z.string().nullable(),
  policy_snapshot_id: z.string().nullable(),
  approval_id: z.string().nullable(),
  approval_expires_at: NullableTime,
  requested_at: Time,
  settled_at: NullableTime,
});
export type CallView = z.infer<typeof CallView>;
