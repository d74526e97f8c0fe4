import type { TimeKey } from '../../contracts/api/common';
import type { EffectOutcomeWord, EffectStatus } from '../../contracts/effects';
import type { PrismaClient, Transaction } from '../client';
import { Prisma } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface EffectRow {
  readonly intent_id: string;
  readonly subject: string;
  readonly phase: string;
  readonly deadline: Date;
  readonly created_at: Date;
  readonly first: EffectOutcomeWord | null;
  readonly outcome: EffectOutcomeWord | null;
  readonly reason: string | null;
  readonly resolved_by: string | null;
  readonly resolved_at: Date | null;
}

export interface EffectFilter {
  readonly status: EffectStatus | undefined;
  readonly page: PageRequest<TimeKey>;
}

const hasFirst = Prisma.sql`exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)`;
const isUnknown = Prisma.sql`i.intent_id in (select o.intent_id from effect_outcomes o where o.first and o.outcome = 'unknown'
    and o.tenant_id = current_setting('aos.tenant'))
  and not exists (select from effect_outcomes o where o.intent_id = i.intent_id and not o.first)`;
const conditions: Readonly<Record<EffectStatus, Prisma.Sql>> = {
  open: Prisma.sql`not ${hasFirst}`,
  unknown: isUnknown,
  settled: Prisma.sql`${hasFirst} and not (${isUnknown})`,
};

/** The effects of a tenant with what is known of each, newest first. */
export function listEffects(
  prisma: PrismaClient,
  tenantId: string,
  { status, page: { limit, after } }: EffectFilter,
): Promise<PageOf<EffectRow, TimeKey>> {
  const asked = status === undefined ? Prisma.sql`true` : conditions[status];
  const behind =
    after === undefined
      ? Prisma.sql`true`
      : Prisma.sql`(i.created_at, i.intent_id) < (${after[0]}::timestamptz, ${after[1]})`;
  return readAs(prisma, tenantId, async (tx) => {
    const found = await readRows(tx, tenantId, Prisma.sql`${asked} and ${behind}`, limit + 1);
    return pageOf(found, limit, (row): TimeKey => [row.created_at.toISOString(), row.intent_id]);
  });
}

export async function findEffect(tx: Transaction, tenantId: string, intentId: string): Promise<EffectRow | undefined> {
  return (await readRows(tx, tenantId, Prisma.sql`i.intent_id = ${intentId}`, 1))[0];
}

/** Those of the attempts before the last one, in order; a call that was sent once has none. */
export async function findEarlierEffects(
  tx: Transaction,
  tenantId: string,
  { subject, intentId }: { readonly subject: string; readonly intentId: string },
): Promise<EffectRow[]> {
  const condition = Prisma.sql`i.subject = ${subject} and i.intent_id <> ${intentId}`;
  return (await readRows(tx, tenantId, condition, earlierMax)).toReversed();
}

const earlierMax = 100;

function readRows(tx: Transaction, tenantId: string, condition: Prisma.Sql, limit: number): Promise<EffectRow[]> {
  return tx.$queryRaw<EffectRow[]>`
    select i.intent_id, i.subject, i.phase, i.deadline, i.created_at, f.outcome as first, l.outcome, l.reason,
      l.resolved_by, l.recorded_at as resolved_at
    from effect_intents i
    left join effect_outcomes f on f.intent_id = i.intent_id and f.first
    left join lateral (select * from effect_outcomes o where o.intent_id = i.intent_id
      order by o.first, o.id limit 1) l on true
    where i.tenant_id = ${tenantId} and ${condition}
    order by i.created_at desc, i.intent_id desc limit ${limit}`;
}
