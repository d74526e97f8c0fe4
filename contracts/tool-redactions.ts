import { z } from 'zod';
import { text } from './text';
import { namePattern } from './tool-rules';

/** RFC 9535, without filters. */
const paths = z.array(text(256)).max(20).default([]);

/**
 * What of the arguments and results of tools is replaced before it is stored. Policies in BLOCK and WARN redact; where several
 * speak of a tool, all of their paths count.
 */
export const ToolRedaction = z
  .strictObject({
    servers: z.array(namePattern).min(1).max(100).default(['*']),
    tools: z.array(namePattern).min(1).max(1000).default(['*']),
    /** JSONPath into the arguments. */
    input: paths,
    /** JSONPath into what a tool answers: its structured content, and each text that holds JSON. */
    result: paths,
  })
  .refine(({ input, result }) => input.length + result.length > 0, 'names no path');
export type ToolRedaction = z.infer<typeof ToolRedaction>;
