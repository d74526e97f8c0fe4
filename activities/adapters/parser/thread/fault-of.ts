import type { ReaderFault } from '../port';

const framesMax = 20;

/** Where our code or a library failed. Messages stay behind: they may quote the content. */
export function faultOf(error: unknown): ReaderFault {
  if (!(error instanceof Error)) return { error: typeof error, stack: '' };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name.slice(0, 100), stack: frames.slice(0, framesMax).join('\n') };
}
