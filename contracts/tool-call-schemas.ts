import { z } from 'zod';

export const InvocationId = z.string().regex(/^inv_[0-9a-f]{16}$/, 'an invocation id: inv_ and 16 hex digits');
export const ApprovalId = z.string().regex(/^apr_[0-9a-f]{12}$/, 'an approval id: apr_ and 12 hex digits');

export const ToolArguments = z.record(z.string(), z.json());
export type ToolArguments = z.infer<typeof ToolArguments>;
