import type { Say } from '../terminal';
import { Refusal, type Api, type Row } from './api';

const question = 'How many days of annual leave do employees get?';

/** A question that the policy allows: hits, and the evidence written before they were released. */
export async function askAllowed({ api, planeId, say }: { api: Api; planeId: string; say: Say }): Promise<void> {
  say(`Asking again: ${question}`);
  const answer = await api.post('/retrieval/execute', {
    plane_id: planeId,
    action: 'query',
    payload: { query: question, top_k: 3 },
  });
  for (const hit of rows(answer.hits)) say(`  ${score(hit)}  ${document(hit)}: ${excerpt(hit.text)}`);
  say(`  evidence ${String(answer.evidence_id)}, policy snapshot ${String(answer.policy_snapshot_id)}`);
}

/** The same question while no policy opens the plane: refused, and the refusal has its evidence too. */
export async function askRefused({ api, planeId, say }: { api: Api; planeId: string; say: Say }): Promise<void> {
  say(`Asking the plane: ${question}`);
  try {
    await api.post('/retrieval/execute', { plane_id: planeId, action: 'query', payload: { query: question } });
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 403) throw error;
    say(`  refused: ${error.message}`);
    say(`  evidence ${String(error.error.details?.evidence_id)}`);
    return;
  }
  throw new Error('a question that no policy allows was answered');
}

export function rows(value: unknown): Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

function score({ score }: Row): string {
  return typeof score === 'number' ? score.toFixed(4) : String(score);
}

function document({ source, document_id: id }: Row): string {
  const { document: name } = (typeof source === 'object' && source !== null ? source : {}) as Row;
  return String(name ?? id);
}

function excerpt(text: unknown): string {
  const line = String(text).replace(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
