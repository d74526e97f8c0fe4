import type { Row } from './api-client';
import type { Sink } from './deps';
import type { ApiEvent } from './event-stream';
import { printable } from './text';

/** Where a plane and its stages stand. */
export interface PlaneLook {
  readonly state: Row;
  readonly stages: readonly Row[];
  readonly percentage: number;
  /** When everything may be done. */
  readonly completion: string | undefined;
}

export interface Progress {
  show(event: ApiEvent): void;
  /** Leaves the lines, so that what follows begins on a new one. */
  done(): void;
}

const percentStep = 25;

/** A line for each change that a log should keep. */
export function createLines(sink: Sink, plane: string): Progress {
  let last = '';
  return {
    show(event) {
      if (event.event === 'lifecycle') sink.write(`${plane}  ${describeEvent(event.data)}\n`);
      const look = toLook(event);
      if (look === undefined) return;
      const stage = currentStage(look);
      const percent = Math.floor(percentOf(stage) / percentStep) * percentStep;
      const line = `${plane}  ${stateName(look)}  ${stageText(stage)}${stage === undefined ? '' : `  ${percent}%`}`;
      if (line !== last) sink.write(`${line}\n`);
      last = line;
    },
    done() {},
  };
}

/** The picture that an event of progress holds. */
export function toLook({ event, data }: ApiEvent): PlaneLook | undefined {
  if (event !== 'job.progress.updated') return undefined;
  const { state, stages, overall_percentage: percentage, estimated_completion: completion } = data;
  return {
    state: (state ?? {}) as Row,
    stages: Array.isArray(stages) ? (stages as Row[]) : [],
    percentage: Number(percentage ?? 0),
    completion: typeof completion === 'string' ? completion : undefined,
  };
}

/** What an event tells, in one line. */
export function describeEvent(data: Row): string {
  const { from_state: from, to_state: to, job_kind: kind, reason, error_message: error } = data;
  const change = typeof to === 'string' ? `${printable(from)} → ${printable(to)}` : printable(kind ?? data['action']);
  const why = error ?? reason;
  return [printable(data['event_type']), change, ...(typeof why === 'string' ? [printable(why)] : [])].join('  ');
}

/** The plane's state in capital letters, as the documents write it. */
export function stateName({ state }: Pick<PlaneLook, 'state'>): string {
  return printable(state['state']).toUpperCase();
}

function currentStage({ stages }: PlaneLook): Row | undefined {
  const begun = stages.filter(({ status }) => status !== 'not_started' && status !== 'skipped');
  return begun.find(({ status }) => status === 'running' || status === 'recovering') ?? begun.at(-1);
}

function stageText(stage: Row | undefined): string {
  if (stage === undefined) return 'nothing started yet';
  return `${printable(stage['stage'])} ${statusText(stage)}`;
}

/** Its status, and the attempt where it is not the first. */
export function statusText(stage: Row): string {
  const attempts = Number(stage['attempts'] ?? 1);
  return `${printable(stage['status']).replace('_', ' ')}${attempts > 1 ? `, attempt ${attempts}` : ''}`;
}

export function percentOf(stage: Row | undefined): number {
  if (stage?.['status'] === 'completed') return 100;
  const percent = Math.round(Number(stage?.['percentage'] ?? 0));
  return Math.min(100, Math.max(0, Number.isNaN(percent) ? 0 : percent));
}
