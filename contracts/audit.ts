import type { z } from 'zod';
import type { AuditOutcome, AuditRules } from './audit-events/common';
import { evidenceEvents } from './audit-events/evidence';
import { governanceEvents } from './audit-events/governance';
import { knowledgeEvents } from './audit-events/knowledge';
import { securityEvents } from './audit-events/security';
import { toolsEvents } from './audit-events/tools';

export {
  auditCategories,
  auditOutcomes,
  auditSeverities,
  type AuditCategory,
  type AuditOutcome,
  type AuditSeverity,
} from './audit-events/common';

/** Every event that may be appended, with what it must say. The union of these is the audit vocabulary. */
export const auditEvents = {
  ...evidenceEvents,
  ...governanceEvents,
  ...knowledgeEvents,
  ...securityEvents,
  ...toolsEvents,
} as const satisfies AuditRules;

export type AuditEventType = keyof typeof auditEvents;

interface AuditEventCommon {
  readonly outcome: AuditOutcome;
  readonly planeId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly resource?: { readonly type: string; readonly id: string };
  readonly policyId?: string | undefined;
  readonly policySnapshotId?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What an operation hands over; who, when and under which request are added by the audit writer. */
export type AuditEntry = {
  [T in AuditEventType]: AuditEventCommon & {
    readonly type: T;
    readonly evidence: z.input<(typeof auditEvents)[T]['evidence']>;
  };
}[AuditEventType];
