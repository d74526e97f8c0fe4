import { z } from 'zod';
import { sensitivityLevels } from './knowledge';
import { text } from './text';
import { ToolRedaction } from './tool-redactions';
import { ToolRule } from './tool-rules';

export const policyStates = ['DRAFT', 'ACTIVE', 'SUSPENDED', 'RETIRED'] as const;
export type PolicyState = (typeof policyStates)[number];

export const policyTransitions = {
  DRAFT: ['ACTIVE', 'RETIRED'],
  ACTIVE: ['SUSPENDED', 'RETIRED'],
  SUSPENDED: ['ACTIVE', 'RETIRED'],
  RETIRED: [],
} as const satisfies Record<PolicyState, readonly PolicyState[]>;

export const enforcementModes = ['BLOCK', 'WARN', 'AUDIT', 'DISABLED'] as const;

const planeList = z.array(z.union([z.literal('*'), text(128)])).max(1000);

/** Which planes may be queried. Several lists in one policy intersect; `*` means every plane that is not restricted. */
export const PolicyConditions = z
  .strictObject({
    allowed_plane_ids: planeList.optional(),
    allowed_rag_sources: planeList.optional(),
    allowed_knowledge_planes: planeList.optional(),
    knowledge_access: z.strictObject({ allowed_planes: planeList }).optional(),
    /** Lowest level of a plane from which personal data inside hits is replaced; `confidential` when absent. */
    redact_at: z.enum(sensitivityLevels).optional(),
    /** What may be done with tools; the strictest rule that matches decides. */
    tool_rules: z.array(ToolRule).max(100).optional(),
    /** What of their arguments and results is not stored. */
    tool_redactions: z.array(ToolRedaction).max(100).optional(),
  })
  .default({});
export type PolicyConditions = z.infer<typeof PolicyConditions>;

export const PolicyDefinition = z.strictObject({
  name: text(128),
  description: text(2000).optional(),
  enforcement_mode: z.enum(enforcementModes).default('WARN'),
  conditions: PolicyConditions,
});

/** What a snapshot seals: active policies and open bindings, in a stable order. */
export interface SealedPolicies {
  readonly policies: readonly {
    readonly policy_id: string;
    readonly name: string;
    readonly enforcement_mode: (typeof enforcementModes)[number];
    readonly conditions: PolicyConditions;
  }[];
  readonly bindings: readonly { readonly plane_id: string; readonly policy_id: string }[];
}
