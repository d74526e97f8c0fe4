import type { Row } from './api-client';
import type { Sink } from './deps';
import { printable } from './text';

/** Where a plane and its stages stand at one look. */
export interface PlaneLook {
  readonly state: Row;
  readonly stages: readonly Row[];
}

export interface Progress {
  show(look: PlaneLook): void;
  /** Leaves the line, so that what follows begins on a new one. */
  done(): void;
}

/** On a terminal one line that is drawn anew; elsewhere a line for each change that a log should keep. */
export function createProgress(sink: Sink, plane: string): Progress {
  return sink.isTTY ? barProgress(sink, plane) : lineProgress(sink, plane);
}

const barWidth = 24;
const percentStep = 25;
const eraseLine = '\r\u001b[2K';

function barProgress(sink: Sink, plane: string): Progress {
  let drawn = false;
  return {
    show(look) {
      const stage = currentStage(look);
      const percent = percentOf(stage);
      const filled = Math.round((percent / 100) * barWidth);
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
      const line = `${plane}  ${stateName(look)}  ${stageText(stage)}  ${bar} ${percent}%`;
      sink.write(`${eraseLine}${line.slice(0, Math.max(sink.columns - 1, 20))}`);
      drawn = true;
    },
    done() {
      if (drawn) sink.write('\n');
      drawn = false;
    },
  };
}

function lineProgress(sink: Sink, plane: string): Progress {
  let last = '';
  return {
    show(look) {
      const stage = currentStage(look);
      const percent = Math.floor(percentOf(stage) / percentStep) * percentStep;
      const line = `${plane}  ${stateName(look)}  ${stageText(stage)}${stage === undefined ? '' : `  ${percent}%`}`;
      if (line !== last) sink.write(`${line}\n`);
      last = line;
    },
    done() {},
  };
}

/** The plane's state in capital letters, as the documents write it. */
export function stateName({ state }: PlaneLook): string {
  return printable(state['state']).toUpperCase();
}

function currentStage({ stages }: PlaneLook): Row | undefined {
  const begun = stages.filter(({ status }) => status !== 'not_started' && status !== 'skipped');
  return begun.find(({ status }) => status === 'running' || status === 'recovering') ?? begun.at(-1);
}

function stageText(stage: Row | undefined): string {
  if (stage === undefined) return 'nothing started yet';
  const attempts = Number(stage['attempts'] ?? 1);
  const attempt = attempts > 1 ? `, attempt ${attempts}` : '';
  return `${printable(stage['stage'])} ${printable(stage['status'])}${attempt}`;
}

function percentOf(stage: Row | undefined): number {
  if (stage?.['status'] === 'completed') return 100;
  const percent = Math.round(Number(stage?.['percentage'] ?? 0));
  return Math.min(100, Math.max(0, Number.isNaN(percent) ? 0 : percent));
}
