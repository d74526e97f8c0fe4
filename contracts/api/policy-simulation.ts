import { z } from 'zod';
import { enforcementModes, PolicyDefinition } from '../policies';
import { tenantRoles } from '../roles';
import { identifier } from '../text';
import { ToolArguments } from '../tool-call-schemas';
import { ServerId, ToolId } from '../tool-schemas';
import { toolDecisions } from '../tools';
import { Moment, Time } from './common';

export const simulationLimits = {
  callsMax: 500,
  callsDefault: 200,
  /** Of sealed arguments that are opened for one simulation. */
  argumentBytes: 8 * 1024 * 1024,
  /** For all calls together; what is not decided by then is left out, and said. */
  evaluationMs: 5_000,
} as const;

const PastCalls = z.strictObject({
  limit: z.int().min(1).max(simulationLimits.callsMax).default(simulationLimits.callsDefault),
  server_id: ServerId.optional(),
  tool_id: ToolId.optional(),
  since: Moment.optional(),
  until: Moment.optional(),
});
export type PastCalls = z.infer<typeof PastCalls>;

const ImaginedCall = z.strictObject({
  server_id: ServerId,
  tool_id: ToolId,
  input: ToolArguments.default({}),
  /** Of whoever would call. */
  role: z.enum(tenantRoles),
});

/** A policy that is on record or only thought of, and the calls that it is tried on. */
export const PolicySimulation = z
  .strictObject({
    policy_id: identifier.optional(),
    policy: PolicyDefinition.pick({ enforcement_mode: true, conditions: true }).optional(),
    /** A policy in whose stead it would stand. */
    replaces: identifier.optional(),
    /** Past calls; also when nothing at all is named. */
    calls: PastCalls.optional(),
    call: ImaginedCall.optional(),
  })
  .refine(({ policy_id: id, policy }) => (id === undefined) !== (policy === undefined), {
    path: ['policy'],
    message: 'name a policy_id, or give a policy, and not both',
  });
export type PolicySimulation = z.infer<typeof PolicySimulation>;

const decision = z.enum(toolDecisions);

/** What the rules say; a rate is never asked for. */
const Verdict = z.strictObject({
  decision,
  deny_reason: z.string().nullable(),
  policy_id: z.string().nullable(),
  message: z.string(),
  approvers: z.int(),
  /** What policies in WARN and AUDIT would have said beside it. */
  noted: z.array(
    z.strictObject({
      policy_id: z.string(),
      enforcement_mode: z.enum(enforcementModes),
      effect: decision,
      failure: z.string().nullable(),
    }),
  ),
});

export const notSimulatedReasons = ['arguments_not_kept', 'caller_gone', 'tool_gone'] as const;
export type NotSimulated = (typeof notSimulatedReasons)[number];

const SimulatedCall = z.strictObject({
  invocation_id: z.string(),
  server_id: z.string(),
  tool_id: z.string().nullable(),
  tool_name: z.string(),
  actor_id: z.string().nullable(),
  invoked_at: Time,
  /** What was decided then. */
  decided: z.strictObject({ decision, reason: z.string().nullable(), policy_id: z.string().nullable() }),
  /** What the policies in force would decide by now. */
  current: Verdict.nullable(),
  /** The same with the policy. */
  simulated: Verdict.nullable(),
  /** Why nothing can be said of it. */
  not_simulated: z.enum(notSimulatedReasons).nullable(),
});

export const SimulationView = z.strictObject({
  /** Under this id the policy stands in the verdicts. */
  policy_id: z.string(),
  enforcement_mode: z.enum(enforcementModes),
  /** The policies in force that it was added to; null where no snapshot is active. */
  policy_snapshot_id: z.string().nullable(),
  /** Null where no past calls were asked for. */
  calls: z
    .strictObject({
      simulated: z.int(),
      not_simulated: z.array(z.strictObject({ reason: z.enum(notSimulatedReasons), calls: z.int() })),
      /** What ended the look before the calls had ended; null where it has seen them all. */
      truncated_by: z.enum(['calls', 'bytes', 'time']).nullable(),
      /** From what was decided then to what would be decided with the policy. */
      changes: z.array(z.strictObject({ from: decision, to: decision, calls: z.int() })),
      items: z.array(SimulatedCall),
    })
    .nullable(),
  call: z.strictObject({ current: Verdict, simulated: Verdict }).nullable(),
  audit_event_id: z.string(),
});
export type SimulationView = z.infer<typeof SimulationView>;
export type Verdict = z.infer<typeof Verdict>;
