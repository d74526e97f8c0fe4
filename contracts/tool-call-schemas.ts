import { z } from 'zod';

export const InvocationId = z.string().regex(/^inv_[0-9a-f]{16}$/, 'an invocation id: inv_ and 16 hex digits');
export const ApprovalId = z.string().regex(/^apr_[0-9a-f]{12}$/, 'an approval id: apr_ and 12 hex digits');

/** Came as JSON, so the members are; what they have to be is said by the tool's own schema. */
export const ToolArguments = z
  .record(z.string(), z.unknown())
  .refine(holdsFinite, 'holds a number beyond what a double can be');
export type ToolArguments = z.infer<typeof ToolArguments>;

function holdsFinite(value: unknown): boolean {
  let isFinite = true;
  JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) isFinite = false;
    return each;
  });
  return isFinite;
}
