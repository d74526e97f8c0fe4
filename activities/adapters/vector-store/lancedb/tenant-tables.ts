import { connect, type Connection, Index, type Table } from '@lancedb/lancedb';
import { EngineError } from '../../../../contracts/errors';
import { tableSchema } from './table-schema';

export interface TenantTables {
  /** The tenant's table as it is now, or null before its first upsert. */
  find(tenantId: string): Promise<Table | null>;
  /** The tenant's table, made with its key and indexes when it is missing. */
  ensure(tenantId: string): Promise<Table>;
}

/** One table per tenant in a folder; every read sees what any process has written before. */
export function createTenantTables({ folder, dimension }: { folder: string; dimension: number }): TenantTables {
  let connection: Promise<Connection> | undefined;
  const ensured = new Map<string, Promise<Table>>();
  const opened = new Map<string, Table>();

  const connected = () => {
    connection ??= connect(folder, { readConsistencyInterval: 0 });
    return connection;
  };

  const tables: TenantTables = {
    async find(tenantId) {
      const name = tableName(tenantId);
      const known = opened.get(name);
      if (known) return known;
      const table = await openIfPresent(await connected(), name);
      if (table) opened.set(name, table);
      return table;
    },
    async ensure(tenantId) {
      const name = tableName(tenantId);
      let table = ensured.get(name);
      if (!table) {
        table = prepare(await connected(), name, dimension);
        ensured.set(name, table);
        table.catch(() => ensured.delete(name));
      }
      return table;
    },
  };
  return tables;
}

async function prepare(connection: Connection, name: string, dimension: number): Promise<Table> {
  const table = (await openIfPresent(connection, name)) ?? (await create(connection, name, dimension));
  await checkDimension(table, dimension);
  // Without the key two merges at once would each insert a new id. It can be set once; another process may be first.
  await table.setUnenforcedPrimaryKey('id').catch(ignoreWhen(/already set|conflict/i));
  await ensureIndexes(table);
  return table;
}

async function openIfPresent(connection: Connection, name: string): Promise<Table | null> {
  return connection.openTable(name).catch((error: unknown) => {
    if (/not found/i.test(messageOf(error))) return null;
    throw error;
  });
}

async function create(connection: Connection, name: string, dimension: number): Promise<Table> {
  return connection.createEmptyTable(name, tableSchema(dimension)).catch((error: unknown) => {
    if (/already exists|conflict/i.test(messageOf(error))) return connection.openTable(name);
    throw error;
  });
}

/** Makes the indexes that are missing; made by another process at the same time is as good. */
export async function ensureIndexes(table: Table): Promise<void> {
  const wanted = {
    id: Index.btree(),
    document_id: Index.btree(),
    plane_id: Index.bitmap(),
    text: Index.fts(),
  };
  const present = new Set((await table.listIndices()).flatMap(({ columns }) => columns));
  for (const [column, config] of Object.entries(wanted)) {
    if (present.has(column)) continue;
    await table.createIndex(column, { config, replace: false }).catch(ignoreWhen(/already exists|conflict/i));
  }
}

async function checkDimension(table: Table, dimension: number): Promise<void> {
  const field = (await table.schema()).fields.find(({ name }) => name === 'vector');
  const stored: unknown = field && Reflect.get(field.type, 'listSize');
  if (stored === dimension) return;
  throw new EngineError(
    'invalid_configuration',
    `The index was made for vectors of ${String(stored)} numbers, the embedder makes ${dimension}: index anew, or configure the former embedder.`,
  );
}

function tableName(tenantId: string): string {
  if (/^[a-z0-9_-]{1,64}$/.test(tenantId)) return `chunks_${tenantId}`;
  throw new EngineError('invalid_input', 'The tenant id has not the expected form.');
}

function ignoreWhen(pattern: RegExp): (error: unknown) => void {
  return (error) => {
    if (!pattern.test(messageOf(error))) throw error;
  };
}

/** The native module tells its errors apart by message only. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}
