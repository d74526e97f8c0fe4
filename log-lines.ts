import pino, { type DestinationStream } from 'pino';

/**
 * Standard output, written once for all lines of one turn of the event loop: each write wakes another thread. Never
 * blocks, so that a reader who stands still does not stop the process; what waits is written when the process exits.
 */
export function gatherLines(): DestinationStream {
  let waiting = '';
  const flush = () => {
    const lines = waiting;
    waiting = '';
    if (lines !== '') output.write(lines);
  };
  // Before the handler of pino, which writes what it was given and closes.
  process.once('exit', flush);
  const output = pino.destination({ dest: 1, sync: false });
  return {
    write(line) {
      if (waiting === '') setImmediate(flush);
      waiting += line;
    },
  };
}
