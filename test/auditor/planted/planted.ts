import type { Material } from '../../../chaos/auditor/check';
import type { AuditedRun } from '../audited-run';

export type Edit = (material: Material) => Material;

/** One violation that the auditor must find. */
export interface Planted {
  /** Invariant and rule. */
  readonly finds: string;
  /** Statements that change rows, as one with the owner's rights could. */
  readonly plant?: (run: AuditedRun) => readonly string[];
  readonly edit?: (run: AuditedRun) => Edit;
  /** What the finding must name. */
  readonly ids?: (run: AuditedRun) => Record<string, unknown>;
}
