import { Writable } from 'node:stream';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Sink } from './deps';
import {
  describeEvent,
  percentOf,
  stateName,
  statusText,
  toLook,
  type PlaneLook,
  type Progress,
} from './plane-progress';
import { printable } from './text';

const barSize = 24;
const titleWidth = 10;

/** A bar for each stage and one for the whole; what happens scrolls by above them. */
export function createBars(sink: Sink, plane: string): Progress {
  const bars = new MultiBar({
    stream: terminalOf(sink),
    format: ' {title} {bar} {percentage}%  {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: barSize,
    hideCursor: true,
    emptyOnZero: true,
    forceRedraw: true,
    gracefulExit: false,
  });
  const byTitle = new Map<string, SingleBar>();

  function draw(title: string, percent: number, text: string): void {
    const bar = byTitle.get(title) ?? bars.create(100, 0, { title: title.padEnd(titleWidth), text: '' });
    byTitle.set(title, bar);
    bar.update(percent, { text });
  }

  return {
    show(event) {
      if (event.event === 'lifecycle') bars.log(`${plane}  ${describeEvent(event.data)}\n`);
      const look = toLook(event);
      if (look === undefined) return;
      for (const stage of look.stages) draw(printable(stage['stage']), percentOf(stage), statusText(stage));
      draw('all', look.percentage, wholeText(look));
      bars.update();
    },
    done: () => bars.stop(),
  };
}

function wholeText(look: PlaneLook): string {
  const { completion } = look;
  return completion === undefined ? stateName(look) : `${stateName(look)}, done about ${completion.slice(11, 19)}Z`;
}

function terminalOf(sink: Sink): NodeJS.WriteStream {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      sink.write(chunk.toString('utf8'));
      done();
    },
  });
  return Object.assign(stream, { isTTY: true, columns: sink.columns }) as unknown as NodeJS.WriteStream;
}
