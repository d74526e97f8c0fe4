import { Finder, type Check, type Look, type Material } from './check';
import { decisions } from './checks/decisions';
import { doubledEffects } from './checks/doubled-effects';
import { failClosed } from './checks/fail-closed';
import { killedCommits } from './checks/killed-commits';
import { lostRecords } from './checks/lost-records';
import { progress } from './checks/progress';
import { replays } from './checks/replays';
import { sameAnswers } from './checks/same-answers';
import { secrets } from './checks/secrets';
import { sizes } from './checks/sizes';
import { tampering } from './checks/tampering';
import { tenants } from './checks/tenants';

/** One check for each guarantee. */
export const checks: readonly Check[] = [
  ...[lostRecords, doubledEffects, killedCommits, decisions, tampering, tenants],
  ...[secrets, progress, replays, sameAnswers, failClosed, sizes],
];

export interface Result extends Look {
  readonly check: Check;
}

/** Runs every check, or those given, also when one has found something. */
export async function audit(material: Material, chosen: readonly Check[] = checks): Promise<Result[]> {
  const results: Result[] = [];
  for (const check of chosen) {
    const look = new Finder(check.invariant);
    await check.run(material, look);
    const { examined, violations, notJudged } = look;
    results.push({ check, examined, violations, notJudged });
  }
  return results;
}
