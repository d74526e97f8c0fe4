import { createLane, type LaneBounds, OutOfMemory } from './lane';
import { type DocumentParser, type DocumentToParse, type ParsedDocument, UnreadableDocument } from './port';

export type ParserOptions = Partial<LaneBounds>;

const shortBytesMax = 1_000_000;
const shortBounds = { timeMsMax: 30_000, growthMbMax: 160 };

/**
 * The parser of every format the engine reads without a service. Short documents have a thread of their own, so that none
 * waits for a long one, with little memory: one that needs more is parsed among the long ones.
 */
export function createParser(options: ParserOptions = {}): DocumentParser {
  const { timeMsMax = 60_000, growthMbMax = 384 } = options;
  const long = createLane({ timeMsMax, growthMbMax });
  const short = createLane({
    timeMsMax: Math.min(timeMsMax, shortBounds.timeMsMax),
    growthMbMax: Math.min(growthMbMax, shortBounds.growthMbMax),
  });

  const parseLong = async (document: DocumentToParse): Promise<ParsedDocument> => {
    const wasAlone = !short.isBusy();
    const turns = short.turns();
    try {
      return await long.parse(document);
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      // Whose memory grew is known only when nothing else was at work.
      if (wasAlone && short.turns() === turns) throw tooLarge();
    }
    return short.inTurn(() => long.parse(document), document.signal).catch(outOfMemoryIsTooLarge);
  };

  return {
    async parse(document) {
      const { bytes, signal } = document;
      if (bytes !== undefined && bytes <= shortBytesMax) {
        const parsed = await short.inTurn(() => short.parse(document), signal).catch(outOfMemoryIsUndefined);
        if (parsed) return parsed;
      }
      return long.inTurn(() => parseLong(document), signal);
    },
    close: async () => void (await Promise.all([long.close(), short.close()])),
  };
}

function outOfMemoryIsUndefined(error: unknown): undefined {
  if (!(error instanceof OutOfMemory)) throw error;
}

function outOfMemoryIsTooLarge(error: unknown): never {
  throw error instanceof OutOfMemory ? tooLarge() : error;
}

function tooLarge(): UnreadableDocument {
  return new UnreadableDocument('too_large', 'parsing it takes more memory than a document may have');
}
