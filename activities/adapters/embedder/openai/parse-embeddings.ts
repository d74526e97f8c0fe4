import { z } from 'zod';
import { EngineError } from '../../../../contracts/errors';

const Reply = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.array(z.number()) })),
});

/**
 * Unit vectors in the order of the texts. Fails as `service_unavailable` on a reply of another form,
 * and as `invalid_configuration` on vectors of another length than the index holds.
 */
export function parseEmbeddings(reply: unknown, count: number, dimension: number): Float32Array[] {
  const parsed = Reply.safeParse(reply);
  const byIndex = new Map(parsed.data?.data.map(({ index, embedding }) => [index, embedding]));
  return Array.from({ length: count }, (_, index) => {
    const embedding = byIndex.get(index);
    if (!embedding) throw new EngineError('service_unavailable', 'The embedding service sent an incomplete reply.');
    if (embedding.length !== dimension) {
      const message = `The embedding service sends ${embedding.length} numbers, ${dimension} are configured.`;
      throw new EngineError('invalid_configuration', message);
    }
    return unitVector(embedding);
  });
}

function unitVector(values: readonly number[]): Float32Array {
  const norm = Math.hypot(...values);
  if (norm === 0)
    throw new EngineError('service_unavailable', 'The embedding service sent a vector without direction.');
  return Float32Array.from(values, (value) => value / norm);
}
