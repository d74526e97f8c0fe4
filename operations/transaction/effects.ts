import { sql } from 'kysely';
import type { EffectOutcomeWord } from '../../contracts/effects';
import type { ExecutionContext } from '../../contracts/execution-context';
import { newId } from '../ids';
import { digestOf } from './canonical';
import type { Transaction } from './database';

export interface EffectIntentEntry {
  readonly intentId: string;
  /** What is about to happen; unique together with the phase. */
  readonly subject: string;
  readonly phase: string;
  /** After this moment a sweeper may close the intent. */
  readonly deadline: Date;
}

export interface EffectOutcomeEntry {
  readonly intentId: string;
  readonly outcome: EffectOutcomeWord;
  readonly first: boolean;
  readonly reason?: string | undefined;
}

export function intentRows(tenantId: string, intents: readonly EffectIntentEntry[]) {
  return intents.map(({ intentId, subject, phase, deadline }) => {
    const row = { intent_id: intentId, tenant_id: tenantId, subject, phase, attempt_token: newId('att_', 8) };
    const deadlineText = deadline.toISOString();
    return { ...row, deadline: deadlineText, integrity_hash: digestOf({ ...row, deadline: deadlineText }) };
  });
}

export function outcomeRows({ tenantId, actor }: ExecutionContext, outcomes: readonly EffectOutcomeEntry[]) {
  return outcomes.map(({ intentId, outcome, first, reason }) => {
    const row = {
      intent_id: intentId,
      tenant_id: tenantId,
      outcome,
      first,
      resolved_by: actor.id,
      reason: reason ?? null,
    };
    return { ...row, integrity_hash: digestOf(row) };
  });
}

/** The sweeper comes first where an answer took too long; what is said then is a resolution of what it wrote. */
export async function isSettled({ tx }: { readonly tx: Transaction }, intentId: string): Promise<boolean> {
  const { rows } = await sql`select 1 from effect_outcomes where intent_id = ${intentId} and first`.execute(tx);
  return rows.length > 0;
}
