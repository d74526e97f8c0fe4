import type { LedgerCall, LedgerLine } from '../ledger';

export type Answered = Extract<LedgerLine, { kind: 'answered' }>;

/** What a write is judged by: the action whose events record it, and what these events are about. */
export interface JudgedCall {
  readonly action: string;
  /** From the path, or from the answer where the call has made it. */
  readonly subject: string;
  /** The type of these events, where their outcome is that of what was decided; a refused attempt leaves another type. */
  readonly eventType?: string;
  readonly isCreation: boolean;
}

interface Rule {
  readonly method: LedgerCall['method'];
  readonly path: RegExp;
  readonly action: string;
  /** Name of the id in the answer; absent where the path's first group is the subject. */
  readonly made?: string;
  readonly eventType?: string;
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
  { method: 'POST', path: /^\/api-keys$/, action: 'identity.keys.create', made: 'key_id' },
  { method: 'POST', path: /^\/integrations\/mcp-servers$/, action: 'tools.servers.register', made: 'server_id' },
  { method: 'PUT', path: /^\/integrations\/mcp-servers\/[^/]+\/tools\/([^/]+)$/, action: 'tools.change' },
  {
    method: 'POST',
    path: /^\/integrations\/mcp-servers\/[^/]+\/tools\/[^/]+\/invoke$/,
    action: 'tools.calls.request',
    made: 'invocation_id',
  },
  {
    method: 'POST',
    path: /^\/integrations\/mcp-servers\/[^/]+\/invocations\/([^/]+)\/withdraw$/,
    action: 'tools.calls.withdraw',
    eventType: 'tool_invocation_failed',
  },
  {
    method: 'POST',
    path: /^\/approvals\/([^/]+)\/decide$/,
    action: 'tools.approvals.decide',
    eventType: 'tool_approval_voted',
  },
  { method: 'POST', path: /^\/retrieval\/execute$/, action: 'retrieval.release', made: 'evidence_id' },
];

/** What leaves an event for each time that it is asked for, also under one key. */
const repeated: readonly string[] = ['governance.switches.change', 'tools.calls.request'];

/** How the write is judged; undefined for what no rule knows. `ids` are those of its answer. */
export function judge({ method, path }: LedgerCall, ids: Readonly<Record<string, string>>): JudgedCall | undefined {
  for (const rule of rules) {
    const match = rule.method === method ? rule.path.exec(path) : null;
    if (match === null) continue;
    const subject = rule.made === undefined ? match[1] : ids[rule.made];
    if (subject === undefined) return undefined;
    const isCreation = rule.made !== undefined && !repeated.includes(rule.action);
    const { action, eventType } = rule;
    return { action, subject: decodeURIComponent(subject), isCreation, ...(eventType !== undefined && { eventType }) };
  }
  return undefined;
}

export const isSuccess = ({ status }: Answered): boolean => status >= 200 && status < 300;

export function answeredOf(ledger: readonly LedgerLine[]): Answered[] {
  return ledger.filter((line): line is Answered => line.kind === 'answered');
}
