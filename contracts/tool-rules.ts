import { z } from 'zod';
import { riskLevels, toolDecisions } from './tools';
import { text } from './text';

/** A name of a server or a tool, or a beginning of names. */
export const namePattern = z
  .string()
  .max(128)
  .regex(/^(\*|[A-Za-z0-9_.\-/]+\*?)$/, 'a name, a beginning with `*`, or `*`');

/**
 * One rule about tool calls in a policy's conditions. It matches when servers, tools and risks match and `when` is true.
 * `when` is CEL over `args`, `tool`, `server`, `caller`, `risk` and `now`; a rule whose expression fails denies.
 */
export const ToolRule = z.strictObject({
  effect: z.enum(toolDecisions),
  servers: z.array(namePattern).min(1).max(100).default(['*']),
  tools: z.array(namePattern).min(1).max(1000).default(['*']),
  risks: z.array(z.enum(riskLevels)).min(1).optional(),
  when: text(4000).optional(),
  /** People that must approve, each another one; only with `require_approval`. */
  approvers: z.int().min(1).max(2).default(1),
  /** Told to the caller when the rule refuses or holds a call. */
  message: text(500).optional(),
});
export type ToolRule = z.infer<typeof ToolRule>;
