import { countedScoreMin, type PersonalDataKind } from '../../../contracts/classification';
import { checksumScore, type Finding } from './finding';

const kindOrder: readonly PersonalDataKind[] = [
  'credit_card',
  'iban',
  'api_key',
  'ssn',
  'ip_address',
  'email',
  'password',
  'phone',
  'date_of_birth',
  'address',
  'name',
];

/**
 * Keeps one finding where several overlap: a valid checksum first, then the higher score class, then the longer one,
 * then by kind and position. The result is ordered by position and depends on the set of findings only.
 */
export function resolveOverlaps(findings: readonly Finding[]): Finding[] {
  const ordered = [...findings].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  let cluster: Finding[] = [];
  let clusterEnd = 0;
  for (const finding of ordered) {
    if (cluster.length > 0 && finding.start >= clusterEnd) {
      for (const winner of resolveCluster(cluster)) kept.push(winner);
      cluster = [];
    }
    cluster.push(finding);
    clusterEnd = Math.max(clusterEnd, finding.end);
  }
  for (const winner of resolveCluster(cluster)) kept.push(winner);
  return kept;
}

/** Marks taken characters, so that a long chain of overlaps costs its length and not its square. */
function resolveCluster(cluster: readonly Finding[]): readonly Finding[] {
  const first = cluster[0];
  if (first === undefined || cluster.length === 1) return cluster;
  const taken = new Uint8Array(cluster.reduce((end, finding) => Math.max(end, finding.end), 0) - first.start);
  const kept: Finding[] = [];
  for (const finding of [...cluster].sort(byStrength)) {
    const range = taken.subarray(finding.start - first.start, finding.end - first.start);
    if (range.includes(1)) continue;
    range.fill(1);
    kept.push(finding);
  }
  return kept.sort((a, b) => a.start - b.start);
}

function byStrength(a: Finding, b: Finding): number {
  return (
    Number(b.score === checksumScore) - Number(a.score === checksumScore) ||
    Number(b.score >= countedScoreMin) - Number(a.score >= countedScoreMin) ||
    b.end - b.start - (a.end - a.start) ||
    kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind) ||
    a.start - b.start
  );
}
