import { sql } from 'kysely';
import { rulesVersion, type KindFindings } from '../../contracts/classification';
import { sensitivityLevels, type SensitivityLevel } from '../../contracts/knowledge';
import type { Work } from '../define';
import type { PlaneRow } from './rows';
import { classifySensitivity, keepCategories } from './sensitivity';

interface Totals {
  readonly documents: number;
  /** Documents of a version, or by rules, that are not the ones of today. */
  readonly outdated: number;
  readonly findings: Readonly<Record<string, KindFindings & { readonly documents: number }>>;
  readonly categories: Readonly<Record<string, number>>;
}

export interface Classified {
  readonly level: SensitivityLevel;
  readonly documents: number;
  readonly findings: number;
}

/** What the plane's indexed documents hold, from the sums in their rows. */
export async function readTotals({ tx }: Pick<Work, 'tx'>, planeId: string): Promise<Totals> {
  const { rows } = await sql<Totals>`
    with shown as (
      select categories, finding_counts, classified_version is not distinct from indexed_version as classified,
        coalesce(rules_version, 0) < ${rulesVersion} as older
      from knowledge_documents where plane_id = ${planeId} and indexed_version is not null)
    select
      (select count(*)::int from shown) as documents,
      (select count(*)::int from shown where older or not classified) as outdated,
      (select coalesce(jsonb_object_agg(kind, to_jsonb(k) - 'kind'), '{}') from (
        select c.key as kind, sum((c.value->>'findings')::bigint)::bigint as findings,
          sum((c.value->>'counted')::bigint)::bigint as counted, min((c.value->>'score_min')::float8) as score_min,
          max((c.value->>'score_max')::float8) as score_max, count(*)::int as documents
        from shown, jsonb_each(finding_counts) c where classified group by c.key) k) as findings,
      (select coalesce(jsonb_object_agg(category, n), '{}') from (
        select c.category, count(*)::int as n from shown, unnest(categories) as c (category)
        group by c.category) c) as categories`.execute(tx);
  return rows[0] ?? { documents: 0, outdated: 0, findings: {}, categories: {} };
}

/** Sets the plane's level, and why it is so, from all of its documents. */
export async function settleLevel(work: Work, input: { plane: PlaneRow; jobId: string; totals: Totals }) {
  return saveLevel(work, { ...input, decided: decideLevel(input.plane, input.totals), settled: true });
}

/**
 * With this commit the documents are shown, so the level must cover them from now on and not from the end of the stage.
 * Down it goes at the end only.
 */
export async function raiseLevel(work: Work, { plane, jobId }: { plane: PlaneRow; jobId: string }): Promise<void> {
  if (plane.sensitivity_level === sensitivityLevels.at(-1)) return;
  const totals = await readTotals(work, plane.plane_id);
  const decided = decideLevel(plane, totals);
  if (rankOf(decided.level) <= rankOf(plane.sensitivity_level)) return;
  await saveLevel(work, { plane, jobId, totals, decided, settled: false });
}

function rankOf(level: string | null): number {
  return sensitivityLevels.indexOf(level as SensitivityLevel);
}

function decideLevel(plane: PlaneRow, { documents, findings, categories }: Totals) {
  const kept = keepCategories(categories, documents);
  const findingCounts = Object.fromEntries(Object.entries(findings).map(([kind, { counted }]) => [kind, counted]));
  return classifySensitivity({ findingCounts, categories: kept, declaredPublic: plane.plane_type === 'public' });
}

interface SaveLevel {
  readonly plane: PlaneRow;
  readonly jobId: string;
  readonly totals: Totals;
  readonly decided: ReturnType<typeof decideLevel>;
  /** Every document has been looked at by the rules of today. */
  readonly settled: boolean;
}

async function saveLevel(work: Work, { plane, jobId, totals, decided, settled }: SaveLevel): Promise<Classified> {
  const { level, rule } = decided;
  const { documents } = totals;
  const counted = Object.values(totals.findings).reduce((sum, kind) => sum + kind.counted, 0);
  const categories = Object.entries(totals.categories)
    .map(([category, count]) => ({ category, documents: count }))
    .sort((a, b) => (a.category < b.category ? -1 : 1));
  const metadata = { schema_version: '1.0', rule, documents, findings: totals.findings, categories };
  const now = new Date();
  await work.tx
    .updateTable('knowledge_planes')
    .set({
      sensitivity_level: level,
      pii_detected: counted > 0,
      classification_metadata: sql`${JSON.stringify(metadata)}::jsonb`,
      classified_at: now,
      updated_at: now,
      ...(settled && { rules_version: rulesVersion }),
    })
    .where('plane_id', '=', plane.plane_id)
    .execute();
  work.audit({
    type: 'PlaneClassified',
    outcome: 'success',
    planeId: plane.plane_id,
    jobId,
    evidence: { from: plane.sensitivity_level, to: level, rule, rules_version: rulesVersion, documents, counted },
  });
  return { level, documents, findings: counted };
}
