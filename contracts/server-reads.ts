import { z } from 'zod';
import { ContentName } from './server-contents';
import { rawText } from './text';

/** What is asked of a server beside calls of its tools, in MCP's words; rules of policies name these as they name tools. */
export const readMethods = ['resources/read', 'prompts/get', 'completion/complete'] as const;
export type ReadMethod = (typeof readMethods)[number];

export function isReadMethod(method: string | undefined): method is ReadMethod {
  return readMethods.some((each) => each === method);
}

export const readLimits = {
  /** Reads of one server in a minute, all callers of a tenant together; the server's own limit counts besides. */
  perMinute: 300,
  timeoutMs: 30_000,
  /** From the moment on when it was allowed; one without an outcome is then `unknown`. */
  deadlineMs: 120_000,
} as const;

const value = rawText(65_536);
const values = z
  .record(rawText(256), value)
  .refine((given) => Object.keys(given).length <= 100, 'at most 100 arguments');

const Reference = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ref/prompt'), name: ContentName }),
  z.object({ type: z.literal('ref/resource'), uri: ContentName }),
]);

export const ReadRequest = z.discriminatedUnion('method', [
  z.object({ method: z.literal('resources/read'), params: z.object({ uri: ContentName }) }),
  z.object({ method: z.literal('prompts/get'), params: z.object({ name: ContentName, arguments: values.optional() }) }),
  z.object({
    method: z.literal('completion/complete'),
    params: z.object({
      ref: Reference,
      argument: z.object({ name: rawText(256), value }),
      context: z.object({ arguments: values.optional() }).optional(),
    }),
  }),
]);
export type ReadRequest = z.infer<typeof ReadRequest>;
