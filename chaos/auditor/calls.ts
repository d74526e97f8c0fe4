import type { LedgerCall, LedgerLine } from '../ledger';

export type Answered = Extract<LedgerLine, { kind: 'answered' }>;

/** What a write is judged by: the action whose events record it, and what these events are about. */
export interface JudgedCall {
  readonly action: string;
  /** From the path, or from the answer where the call has made it. */
  readonly subject: string;
  readonly isCreation: boolean;
}

interface Rule {
  readonly method: LedgerCall['method'];
  readonly path: RegExp;
  readonly action: string;
  /** Name of the id in the answer; absent where the path's first group is the subject. */
  readonly made?: string;
}

const rules: readonly Rule[] = [
  { method: 'POST', path: /^\/planes$/, action: 'knowledge.planes.register', made: 'plane_id' },
  { method: 'POST', path: /^\/planes\/([^/]+)\/documents$/, action: 'knowledge.documents.accept' },
  { method: 'DELETE', path: /^\/planes\/[^/]+\/documents\/([^/]+)$/, action: 'knowledge.documents.delete' },
  { method: 'POST', path: /^\/planes\/([^/]+)\/bind-policy$/, action: 'knowledge.planes.bind_policy' },
  { method: 'POST', path: /^\/planes\/([^/]+)\/unbind-policy$/, action: 'knowledge.planes.unbind_policy' },
  { method: 'POST', path: /^\/planes\/([^/]+)\/reclassify$/, action: 'knowledge.planes.reclassify' },
  { method: 'POST', path: /^\/lifecycle\/([^/]+)\/transition$/, action: 'knowledge.planes.transition' },
  { method: 'POST', path: /^\/ops\/tenants$/, action: 'identity.tenants.create', made: 'tenant_id' },
  { method: 'POST', path: /^\/sql-templates$/, action: 'sql_templates.create', made: 'template_id' },
  { method: 'POST', path: /^\/policies$/, action: 'policies.create', made: 'policy_id' },
  { method: 'POST', path: /^\/policies\/([^/]+)\/lifecycle$/, action: 'policies.lifecycle' },
  { method: 'POST', path: /^\/governance\/kill-switch$/, action: 'governance.switches.change', made: 'switch_id' },
  { method: 'POST', path: /^\/retrieval\/execute$/, action: 'retrieval.release', made: 'evidence_id' },
];

/** How the write is judged; undefined for what no rule knows. `ids` are those of its answer. */
export function judge({ method, path }: LedgerCall, ids: Readonly<Record<string, string>>): JudgedCall | undefined {
  for (const rule of rules) {
    const match = rule.method === method ? rule.path.exec(path) : null;
    if (match === null) continue;
    const subject = rule.made === undefined ? match[1] : ids[rule.made];
    if (subject === undefined) return undefined;
    const isCreation = rule.made !== undefined && rule.action !== 'governance.switches.change';
    return { action: rule.action, subject: decodeURIComponent(subject), isCreation };
  }
  return undefined;
}

export const isSuccess = ({ status }: Answered): boolean => status >= 200 && status < 300;

export function answeredOf(ledger: readonly LedgerLine[]): Answered[] {
  return ledger.filter((line): line is Answered => line.kind === 'answered');
}
