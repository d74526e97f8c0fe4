import type { BenchStack } from '../support/stack';

interface StageRow {
  readonly kind: string;
  readonly asked: Date;
  readonly began: Date;
  readonly ended: Date;
}

/** Where the time of an onboarding went: for each job, the wait until it began and its work, in milliseconds. */
export async function readStages({ owner }: BenchStack, planeId: string, beganMs: number) {
  const { rows } = await owner.query<StageRow>(
    `select kind, created_at as asked, started_at as began, ended_at as ended
      from knowledge_jobs where plane_id = $1 order by created_at`,
    [planeId],
  );
  const jobs = rows.map(({ kind, asked, began, ended }) => [
    kind,
    { wait: began.getTime() - asked.getTime(), work: ended.getTime() - began.getTime() },
  ]);
  return { register: (rows[0]?.asked.getTime() ?? NaN) - beganMs, ...Object.fromEntries(jobs) };
}
