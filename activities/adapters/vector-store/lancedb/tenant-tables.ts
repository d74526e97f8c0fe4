import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { type Connection, Index, type Table } from '@lancedb/lancedb';
import { EngineError } from '../../../../contracts/errors';
import { messageOf, retryOnConflict } from './commit-conflicts';
import { openFolder } from './open-folder';
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
    connection ??= openFolder(folder);
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
        table = prepare(await connected(), folder, name, dimension);
        ensured.set(name, table);
        table.catch(() => ensured.delete(name));
      }
      return table;
    },
  };
  return tables;
}

async function prepare(connection: Connection, folder: string, name: string, dimension: number): Promise<Table> {
  const table = (await openIfPresent(connection, name)) ?? (await create(connection, folder, name, dimension));
  await checkDimension(table, dimension);
  return table;
}

async function openIfPresent(connection: Connection, name: string): Promise<Table | null> {
  return connection.openTable(name).catch((error: unknown) => {
    if (/not found/i.test(messageOf(error))) return null;
    throw error;
  });
}

/**
 * Made whole under another name, then renamed: two processes that create one table would otherwise overwrite each
 * other's first rows, or index it twice. Without the key two merges at once would each insert a new id.
 */
async function create(connection: Connection, folder: string, name: string, dimension: number): Promise<Table> {
  const draft = `new_${randomUUID()}`;
  const table = await connection.createEmptyTable(draft, tableSchema(dimension));
  await table.setUnenforcedPrimaryKey('id');
  await ensureIndexes(table);
  table.close();
  await rename(path.join(folder, `${draft}.lance`), path.join(folder, `${name}.lance`)).catch(
    async (error: unknown) => {
      await connection.dropTable(draft);
      const isTaken = /^(?:ENOTEMPTY|EEXIST)/.test(messageOf(error));
      if (!isTaken) throw error;
    },
  );
  return connection.openTable(name);
}

/** Makes the indexes that are missing: of a new table all, later those a newer release has added. */
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
    await retryOnConflict(() => table.createIndex(column, { config, replace: false }));
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
