import { Piscina } from 'piscina';
import { EngineError } from '../../../contracts/errors';
import { memoryWatch } from './memory-watch';
import { type DocumentParser, type DocumentToParse, type ParsedDocument, UnreadableDocument } from './port';
import { takeTurns } from './take-turns';
import type { ParseAnswer, ParseTask } from './thread/parse-document.worker';
import { workerEntry } from './thread/worker-entry';

export interface ParserOptions {
  /** Of a small document, from the moment its turn comes; larger ones get more, five times as much at most. */
  readonly timeMsMax?: number;
  /** Of the thread's JavaScript heap. */
  readonly heapMbMax?: number;
  /** By which the process may grow while one document is parsed: buffers lie outside of the heap. */
  readonly growthMbMax?: number;
}

const crashesMax = 2;

/**
 * The parser of every format the engine reads without a service, in a thread of this process that is ended when a
 * document breaks a bound. One document at a time, so that it is known whose memory it is that grows.
 */
export function createParser(options: ParserOptions = {}): DocumentParser {
  const { timeMsMax = 60_000, heapMbMax = 256, growthMbMax = 384 } = options;
  const pool = new Piscina<ParseTask, ParseAnswer>({
    ...workerEntry(),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    recordTiming: false,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
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
      if (memory.signal.aborted || isOutOfMemory(error)) {
        throw new UnreadableDocument('too_large', 'parsing it takes more memory than a document may have');
      }
      throw error;
    } finally {
      memory.stop();
    }
  };

  // A thread that has crashed need not have done so because of this document: a library may fail late.
  const run = async ({ name, read, signal }: DocumentToParse): Promise<ParseAnswer> => {
    for (let crashes = 1; ; crashes += 1) {
      const bytes = await read();
      try {
        return await runOnce({ name, bytes }, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof UnreadableDocument) throw error;
        if (crashes === crashesMax) await requireWorkingThread(pool, error);
        if (crashes === crashesMax) throw new UnreadableDocument('malformed', 'the document makes its reader crash');
      }
    }
  };

  const inTurn = takeTurns();
  return {
    async parse(document) {
      const answer = await inTurn(() => run(document), document.signal);
      return unwrap(answer);
    },
    close: () => pool.destroy(),
  };
}

async function requireWorkingThread(pool: Piscina<ParseTask, ParseAnswer>, cause: unknown): Promise<void> {
  const answer = await pool.run({ name: 'probe.txt', bytes: Buffer.from('probe') }).catch(() => undefined);
  if (answer && 'parsed' in answer) return;
  throw new EngineError('service_unavailable', 'Documents cannot be parsed here.', { cause });
}

function unwrap(answer: ParseAnswer): ParsedDocument {
  if ('parsed' in answer) return answer.parsed;
  throw new UnreadableDocument(answer.unreadable.code, answer.unreadable.message);
}

/** A buffer of its own memory is handed over; small ones share theirs with others and are copied. */
function whole(bytes: Uint8Array): ArrayBuffer[] {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? [buffer] : [];
}

function isOutOfMemory(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
