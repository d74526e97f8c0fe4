import { z } from 'zod';
import { enforcementModes } from '../modes';
import { identifier, text } from '../text';
import { Time } from './common';

export const TenantPath = z.strictObject({ tenant_id: identifier });
export const OperationModePath = TenantPath.extend({ operation: identifier });

/** Without an operation: the mode of all that have none of their own. */
export const EnforcementBody = z.strictObject({
  mode: z.enum(enforcementModes),
  operation: identifier.optional(),
  reason: text(1000),
});

export const EnforcementChange = z.strictObject({
  tenant_id: z.string(),
  operation: z.string().nullable(),
  mode: z.enum(enforcementModes).nullable(),
  audit_event_id: z.string(),
});

export const EnforcementView = z.strictObject({
  tenant_id: z.string(),
  mode: z.enum(enforcementModes),
  operations: z.array(
    z.strictObject({
      operation: z.string(),
      mode: z.enum(enforcementModes),
      reason: z.string(),
      set_by: z.string(),
      updated_at: Time,
    }),
  ),
});
