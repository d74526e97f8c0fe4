import type { Command } from 'commander';
import { addWriteCommand } from '../add-command';
import type { Row } from '../api-client';
import type { CliRun } from '../deps';
import { integerBetween } from '../option-values';
import { resolvePlane } from '../resolve-name';
import { action, type Session } from '../session';
import { renderFields, renderTable, type Column } from '../table';

const topKMax = 100;

interface AskOptions {
  readonly topK?: number;
  readonly search?: boolean;
  readonly run?: string;
}

/** `aos ask` */
export function addAskCommand(program: Command, run: CliRun): void {
  addWriteCommand(program, 'ask <plane> <question...>', 'ask a plane a governed question')
    .option('--top-k <n>', 'how many hits at most', integerBetween(1, topKMax))
    .option('--search', 'full text only, instead of meaning and full text together')
    .option('--run <id>', 'ask within this governed run')
    .action(action(run, ask));
}

async function ask(session: Session, plane: string, words: string[], options: AskOptions): Promise<void> {
  const data = await session.api.write('POST', '/retrieval/execute', {
    plane_id: await resolvePlane(session, plane),
    action: options.search === true ? 'search' : 'query',
    payload: { query: words.join(' '), ...(options.topK === undefined ? {} : { top_k: options.topK }) },
    ...(options.run === undefined ? {} : { run_id: options.run }),
  });
  const hits = Array.isArray(data['hits']) ? (data['hits'] as Row[]) : [];
  session.show(data, () => {
    const { stdout } = session.run;
    const found = hits.length === 0 ? 'no hits\n' : renderTable(hitColumns, hits, stdout.columns, session.colors.bold);
    return `${found}\n${renderFields([
      ['evidence', data['evidence_id']],
      ['snapshot', data['policy_snapshot_id']],
      ['tokens', data['tokens_consumed']],
    ])}`;
  });
}

const excerptLength = 280;

const hitColumns: readonly Column[] = [
  { title: '#', value: (_hit, index) => index + 1 },
  { title: 'score', value: ({ score }) => (typeof score === 'number' ? score.toFixed(4) : score) },
  { title: 'document', value: documentOf },
  { title: 'source', value: sourceOf },
  { title: 'excerpt', value: ({ text }) => excerpt(text), wraps: true },
];

function documentOf(hit: Row): unknown {
  return sourceFields(hit)['document'] ?? hit['document_id'];
}

function sourceOf(hit: Row): unknown {
  return sourceFields(hit)['name'] ?? sourceFields(hit)['source_id'];
}

function sourceFields({ source }: Row): Row {
  return typeof source === 'object' && source !== null ? (source as Row) : {};
}

function excerpt(text: unknown): string {
  const line = String(text ?? '').replace(/\s+/g, ' ');
  return line.length <= excerptLength ? line : `${line.slice(0, excerptLength)}…`;
}
