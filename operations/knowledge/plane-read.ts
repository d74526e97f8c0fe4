import { sql } from 'kysely';
import type { Rate } from '../../contracts/rate-limits';
import type { BindingRow, PlaneRow, PlaneWithParts, SourceRow } from '../../prisma/reads/planes';
import type { Database } from '../transaction/database';
import { toEngineFault } from '../transaction/faults';

/** One plane of the tenant; undefined when it has none of this id. */
export type ReadPlane = (tenantId: string, planeId: string) => Promise<PlaneWithParts | undefined>;

type AsJson<Row, Times extends keyof Row> = Omit<Row, Times> & { readonly [Time in Times]: string };

interface ReadRow {
  readonly plane: AsJson<PlaneRow, 'createdAt' | 'updatedAt'>;
  readonly sources: readonly (Omit<SourceRow, 'lastIngestedAt'> & {
    readonly lastIngestedAt: string | null;
    readonly documentCount: number;
  })[];
  readonly bindings: readonly BindingRow[];
  readonly rate: Rate | null;
}

/** The read that is asked most, in one round trip. */
export function createReadPlane(db: Database): ReadPlane {
  return async (tenantId, planeId) => {
    try {
      const { rows } = await sql<ReadRow>`select * from aos_read_plane(${tenantId}, ${planeId})`.execute(db);
      return rows[0] === undefined ? undefined : toParts(rows[0]);
    } catch (error) {
      throw toEngineFault(error);
    }
  };
}

function toParts({ plane, sources, bindings, rate }: ReadRow): PlaneWithParts {
  return {
    plane: { ...plane, createdAt: new Date(plane.createdAt), updatedAt: new Date(plane.updatedAt) },
    sources: sources.map(({ lastIngestedAt, ...source }) => ({
      ...source,
      lastIngestedAt: lastIngestedAt === null ? null : new Date(lastIngestedAt),
    })),
    bindings,
    documentCounts: new Map(sources.map(({ sourceId, documentCount }) => [sourceId, documentCount])),
    rates: new Map(rate === null ? [] : [[plane.planeId, rate]]),
  };
}
