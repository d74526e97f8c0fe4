import { sql } from 'kysely';
import { z } from 'zod';
import { effectResolutions, type EffectOutcomeWord } from '../../contracts/effects';
import { refusal } from '../../contracts/errors';
import { text } from '../../contracts/text';
import { defineOperation } from '../define';
import { requireActiveTenant } from '../identity/require-active-tenant';
import { callSubject, resolveCall } from '../tools/calls/resolve-call';
import { advisoryLockClasses } from '../transaction/advisory-locks';

interface Facts {
  readonly subject: string;
  /** Null while the effect is open. */
  readonly first: EffectOutcomeWord | null;
  /** What was said of it later; null when nothing was. */
  readonly outcome: EffectOutcomeWord | null;
  readonly reason: string | null;
  readonly resolved_by: string | null;
}

/**
 * A person says what became of an effect whose outcome nobody knew. What was said first stands: the same again changes
 * nothing, anything else is refused. A late answer of the far side counts as said. Goes on under a kill, since it only
 * records.
 */
export const resolveEffect = defineOperation({
  name: 'governance.effects.resolve',
  permission: 'write:effects',
  params: z.strictObject({
    intentId: z.string().max(64),
    outcome: z.enum(effectResolutions),
    reason: text(1000),
  }),
  fence: 'outcome-of-opened-intent',

  async loadFacts({ tx, context }, { intentId }) {
    // Outcomes are only ever appended, so there is no row to lock: two who resolve the same effect wait for each other here.
    const effect = `${context.tenantId}/${intentId}`;
    await sql`select pg_advisory_xact_lock(${advisoryLockClasses.effectResolution}, hashtext(${effect}))`.execute(tx);
    await requireActiveTenant(tx, context.tenantId);
    const { rows } = await sql<Facts>`
      select i.subject, f.outcome as first, r.outcome, r.reason, r.resolved_by
      from effect_intents i
      left join effect_outcomes f on f.intent_id = i.intent_id and f.first
      left join lateral (select o.outcome, o.reason, o.resolved_by from effect_outcomes o
        where o.intent_id = i.intent_id and not o.first order by o.id limit 1) r on true
      where i.intent_id = ${intentId}`.execute(tx);
    if (rows[0] === undefined) throw refusal('NOT_FOUND', 'there is no such effect');
    return rows[0];
  },

  async handle(work, { params: { intentId, outcome, reason }, facts }) {
    if (facts.first === null) {
      throw refusal('INVALID_STATE', 'the effect is open; its outcome, or its deadline, is waited for');
    }
    if (facts.first !== 'unknown') throw refusal('INVALID_STATE', `the effect has ${facts.first}: that is known`);
    if (facts.outcome !== null && facts.outcome !== outcome) {
      throw refusal('INVALID_STATE', `the effect was resolved as ${facts.outcome} by ${facts.resolved_by ?? 'nobody'}`);
    }
    const isNew = facts.outcome === null;
    const invocationId = callSubject.exec(facts.subject)?.[1];
    if (isNew) {
      work.settle({ intentId, outcome, first: false, reason });
      if (invocationId !== undefined) await resolveCall(work, invocationId, { intentId, outcome, reason });
    }
    work.audit({
      type: 'EffectResolved',
      outcome: isNew ? 'success' : 'skipped',
      resource: { type: 'effect', id: intentId },
      evidence: { subject: facts.subject, outcome, reason },
    });
    const said = { reason: facts.reason ?? reason, resolvedBy: facts.resolved_by ?? work.context.actor.id };
    return { intentId, outcome, ...said };
  },
});
