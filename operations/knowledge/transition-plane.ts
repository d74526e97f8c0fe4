import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { bandOf, type JobKind, type PlaneState } from '../../contracts/knowledge';
import { PlaneId } from '../../contracts/knowledge-schemas';
import { text } from '../../contracts/text';
import { defineOperation, type Bound, type Work } from '../define';
import { refusalEntry } from '../transaction/work';
import { applyTransition } from './apply-transition';
import { boundActivePolicies } from './bindings';
import { decideAction, type DecidedAction } from './decide-action';
import { endJob } from './end-job';
import { lockPlane, stateOf, type JobRow, type PlaneRow } from './rows';
import { startJob } from './start-job';

const TransitionParams = z.strictObject({
  planeId: PlaneId,
  action: text(64).optional(),
  target: text(64).optional(),
  reason: text(1000).optional(),
});

interface TransitionFacts {
  readonly plane: PlaneRow;
  readonly boundPolicies: readonly string[];
  readonly lastJob: JobRow | undefined;
}

/** Decides one action on a plane under its lock, and begins the job that the action asks for. */
export const transitionPlane = defineOperation({
  name: 'knowledge.planes.transition',
  permission: 'write:planes',
  params: TransitionParams,
  fence: 'fenced',
  capability: 'job.default',
  begins: 'work',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId }): Promise<TransitionFacts> {
    const plane = await lockPlane(work, planeId);
    const [boundPolicies, lastJob] = [await boundActivePolicies(work, planeId), await readLastJob(work, planeId)];
    return { plane, boundPolicies, lastJob };
  },

  async handle(work, { params, facts }) {
    const { plane } = facts;
    const from = stateOf(plane);
    const decided = decideAction(from, params);
    const gateResult = passGate(decided, facts);
    requireIngested(decided, facts);
    const { to, jobId, auditEventId } = await carryOut(work, {
      decided,
      facts,
      from,
      gateResult,
      reason: params.reason,
    });
    return {
      planeId: plane.plane_id,
      fromState: from,
      toState: to,
      action: decided.name,
      gateResult,
      jobId,
      auditEventId,
    };
  },

  before: [
    {
      id: 'LIFECYCLE-005',
      severity: 'MEDIUM',
      message: 'a transition says why in its reason, so that its audit does too',
      holds: ({ params }) => params.reason !== undefined,
    },
  ],

  after: [
    {
      id: 'LIFECYCLE-002',
      severity: 'CRITICAL',
      always: true,
      message: 'the plane did not end in a state that belongs to its number',
      holds: ({ facts }) => facts.plane.lifecycle_state_value > 0 && bandOf(stateOf(facts.plane)) !== undefined,
    },
    {
      id: 'LIFECYCLE-004',
      severity: 'CRITICAL',
      always: true,
      message: 'an active plane needs a bound policy',
      holds: ({ earlier, facts }) =>
        stateOf(earlier.plane) === stateOf(facts.plane) ||
        stateOf(facts.plane) !== 'ACTIVE' ||
        facts.boundPolicies.length > 0,
    },
  ],

  refused: async (_work, { params, error }) => {
    const entry = refusalEntry('knowledge.planes.transition', error, 'LIFECYCLE_BLOCKED');
    return { entry: { ...entry, planeId: params.planeId, resource: { type: 'plane', id: params.planeId } } };
  },
});

function passGate({ rule }: DecidedAction, { boundPolicies }: TransitionFacts): string {
  if (rule.gated !== true || boundPolicies.length > 0) return 'ALLOWED';
  throw refusal('POLICY_GATE_BLOCKED', 'no active policy is bound to this plane; bind one, then activate', {
    details: { gate_result: 'BLOCKED', required_action: 'bind_policy' },
  });
}

// A plane whose ingestion was stopped is INGESTING too; an index of the half of it would pass for the whole.
function requireIngested({ name }: DecidedAction, { lastJob }: TransitionFacts): void {
  if (name !== 'index_knowledge_plane' || lastJob?.kind !== 'ingest_data' || lastJob.status !== 'killed') return;
  throw refusal('INVALID_STATE', 'the ingestion was stopped before its end; retry it, then index');
}

interface CarryOut {
  readonly decided: DecidedAction;
  readonly facts: TransitionFacts;
  readonly from: PlaneState;
  readonly gateResult: string;
  readonly reason: string | undefined;
}

interface CarriedOut {
  readonly to: PlaneState;
  readonly jobId: string | null;
  readonly auditEventId: string;
}

async function carryOut(work: Work, input: CarryOut): Promise<CarriedOut> {
  const { decided, facts, from, gateResult, reason } = input;
  const { plane } = facts;
  const { name: action, rule } = decided;
  if (action === 'retry_knowledge_plane') return retry(work, input);
  if (action === 'fail_knowledge_plane' && plane.active_job_id !== null) {
    await endJob(work, {
      plane,
      jobId: plane.active_job_id,
      status: 'cancelled',
      message: reason ?? 'plane failed by hand',
    });
  }
  if (rule.entersOnCompletion === true && rule.job !== undefined) return beginWork(work, input, rule.job);

  const jobId = rule.job === undefined ? undefined : await startJob(work, { plane, kind: rule.job });
  const to = rule.to ?? from;
  const auditEventId = await applyTransition(work, { plane, to, action, reason, gateResult, jobId });
  return { to, jobId: jobId ?? null, auditEventId };
}

// The failed or killed job of this state runs again as a new one: what is stored is not parsed again, an index is built anew.
async function retry(work: Work, input: CarryOut): Promise<CarriedOut> {
  const { plane, lastJob } = input.facts;
  if (plane.next_action !== 'retry_knowledge_plane' || lastJob === undefined) {
    throw refusal('INVALID_ACTION', 'there is no failed job to retry in this state');
  }
  return beginWork(work, input, lastJob.kind as JobKind, lastJob.attempt + 1);
}

async function beginWork(work: Work, input: CarryOut, kind: JobKind, attempt = 1): Promise<CarriedOut> {
  const { decided, facts, from, gateResult, reason } = input;
  const jobId = await startJob(work, { plane: facts.plane, kind, attempt });
  const auditEventId = work.audit({
    type: 'LIFECYCLE_TRANSITION',
    outcome: 'pending',
    planeId: facts.plane.plane_id,
    jobId,
    resource: { type: 'plane', id: facts.plane.plane_id },
    evidence: {
      from_state: from,
      to_state: from,
      action: decided.name,
      gate_result: gateResult,
      reason: reason ?? null,
      job_id: jobId,
    },
  });
  return { to: from, jobId, auditEventId };
}

async function readLastJob({ tx }: Bound, planeId: string): Promise<JobRow | undefined> {
  return tx
    .selectFrom('knowledge_jobs')
    .selectAll()
    .where('plane_id', '=', planeId)
    .orderBy('created_at', 'desc')
    .orderBy('job_id')
    .limit(1)
    .executeTakeFirst();
}
