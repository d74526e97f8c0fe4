import { Piscina } from 'piscina';
import { EngineError } from '../../../contracts/errors';
import { memoryWatch } from './memory-watch';
import { type DocumentToParse, type ParsedDocument, UnreadableDocument } from './port';
import { readShortText } from './read/read-short-text';
import { takeTurns } from './take-turns';
import type { ParseAnswer, ParseTask } from './thread/parse-document.worker';
import { workerEntry } from './thread/worker-entry';

export interface LaneBounds {
  /** From the moment the document's turn comes; large ones get more, five times as much at most. */
  readonly timeMsMax: number;
  /** By which the process may grow while one document is parsed, heap and buffers together. */
  readonly growthMbMax: number;
}

/** A thread for one document at a time, which is ended when a document breaks a bound. */
export interface Lane {
  /** One piece of work after another. */
  inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** To be called in turn. */
  parse(document: DocumentToParse): Promise<ParsedDocument>;
  isBusy(): boolean;
  /** How often it has been busy. */
  turns(): number;
  close(): Promise<void>;
}

/** The thread or the process grew too much; which of the documents at work made it grow is not known. */
export class OutOfMemory extends Error {}

const crashesMax = 2;
// The last stop only: growth is the bound. A thread whose heap is full may take the process with it, for Node gives it
// 16 MB for its end, and a document can fill those. And V8 lets a heap grow further between collections the more it may
// hold: under 256 MB, 32 of them young, the trees of archives took up to twice as long.
const heapMbMax = 2048;
const youngMbMax = 96;

export function createLane({ timeMsMax, growthMbMax }: LaneBounds): Lane {
  const pool = new Piscina<ParseTask, ParseAnswer>({
    ...workerEntry(),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    recordTiming: false,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax, maxYoungGenerationSizeMb: youngMbMax, stackSizeMb: 4 },
  });
  // Failures reach the callers; without a listener they would end the process as well.
  pool.on('error', () => {});

  const runOnce = async (task: ParseTask, signal: AbortSignal | undefined): Promise<ParseAnswer> => {
    const timeMs = Math.round(timeMsMax * Math.min(5, 1 + task.bytes.length / 4_000_000));
    const overtime = AbortSignal.timeout(timeMs);
    const memory = memoryWatch(growthMbMax);
    const signals = [overtime, memory.signal, ...(signal ? [signal] : [])];
    try {
      return await pool.run(task, { signal: AbortSignal.any(signals), transferList: whole(task.bytes) });
    } catch (error) {
      signal?.throwIfAborted();
      if (overtime.aborted)
        throw new UnreadableDocument('too_slow', `not parsed within ${Math.round(timeMs / 1000)} seconds`);
      if (memory.signal.aborted || isOutOfMemory(error)) throw new OutOfMemory();
      throw error;
    } finally {
      memory.stop();
    }
  };

  // A thread that has crashed need not have done so because of this document: a library may fail late.
  const parse = async ({ name, contentType, read, signal }: DocumentToParse): Promise<ParsedDocument> => {
    for (let crashes = 1; ; crashes += 1) {
      const bytes = await read();
      const text = readShortText({ name, bytes, contentType });
      if (text) return text;
      try {
        return unwrap(await runOnce({ name, bytes, contentType }, signal));
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof UnreadableDocument || error instanceof OutOfMemory) throw error;
        if (crashes < crashesMax) continue;
        await requireWorkingThread(pool, error);
        const fault = { error: error instanceof Error ? error.name : typeof error, stack: '' };
        throw new UnreadableDocument('malformed', 'the document makes its reader crash', fault);
      }
    }
  };

  const take = takeTurns();
  let begun = 0;
  let ended = 0;
  const inTurn: Lane['inTurn'] = (work, signal) =>
    take(async () => {
      begun += 1;
      try {
        return await work();
      } finally {
        ended += 1;
      }
    }, signal);
  return { inTurn, parse, isBusy: () => begun > ended, turns: () => begun, close: () => pool.destroy() };
}

async function requireWorkingThread(pool: Piscina<ParseTask, ParseAnswer>, cause: unknown): Promise<void> {
  const answer = await pool.run({ name: 'probe.txt', bytes: Buffer.from('probe') }).catch(() => undefined);
  if (answer && 'parsed' in answer) return;
  throw new EngineError('service_unavailable', 'Documents cannot be parsed here.', { cause });
}

function unwrap(answer: ParseAnswer): ParsedDocument {
  if ('parsed' in answer) return answer.parsed;
  const { code, message, fault } = answer.unreadable;
  throw new UnreadableDocument(code, message, fault);
}

/** A buffer of its own memory is handed over; small ones share theirs with others and are copied. */
function whole(bytes: Uint8Array): ArrayBuffer[] {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? [buffer] : [];
}

function isOutOfMemory(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
