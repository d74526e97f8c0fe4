import { refusal } from '../../../../contracts/errors';
import type { SqlConnection, SqlConnections } from '../../../../contracts/sql-connections';
import {
  bindSqlValues,
  SqlSourceConfig,
  tenantParameter,
  type SqlColumns,
  type SqlParameters,
} from '../../../../contracts/sql-templates';
import type { SourcePage, SourceReader, SourceRef } from '../port';
import { createIdleStreams } from './idle-streams';
import { sqlLimits } from './limits';
import { readPosition, writePosition } from './position';
import { toDocument } from './row-document';
import { openRowStream, type RowStream, type RowStreamInput } from './row-stream';
import { isSessionLost, toSqlFault, type SqlFailure } from './sql-faults';

export interface SqlTemplate {
  readonly connectionRef: string | null;
  readonly statement: string;
  readonly parameterOrder: readonly string[];
  readonly parameters: SqlParameters;
  readonly columns: SqlColumns;
}

/** The active template of this id among the tenant's; undefined when there is none. */
export type FindSqlTemplate = (tenantId: string, templateId: string) => Promise<SqlTemplate | undefined>;

export interface SqlReaderOptions {
  readonly connections: SqlConnections;
  readonly findTemplate: FindSqlTemplate;
  readonly statementTimeoutMs?: number;
}

type Reading = Omit<RowStreamInput, 'after' | 'signal'> & { readonly connectionRef: string };

/**
 * Reads the rows of a template as documents, ordered by id. A reading keeps its session from page to page; when that is
 * lost, or the process, the next one begins behind the last committed id.
 */
export function createSqlReader({
  connections,
  findTemplate,
  statementTimeoutMs = sqlLimits.statementTimeoutMs,
}: SqlReaderOptions): SourceReader & { close(): Promise<void> } {
  const idle = createIdleStreams();

  async function prepare(source: SourceRef, failure: SqlFailure): Promise<Reading> {
    const config = parseConfig(source.config, failure);
    const connection = requireConnection(connections, config.connection_ref, source.tenantId);
    const template = await findTemplate(source.tenantId, config.template_id);
    if (template === undefined)
      throw refusal(failure, 'the SQL template is not there or was retired: name an active one');
    if (template.connectionRef !== null && template.connectionRef !== config.connection_ref) {
      throw refusal(failure, 'the SQL template belongs to another connection');
    }
    const values = valuesOf(template, { config, tenantId: source.tenantId, failure });
    const { statement, columns } = template;
    return {
      connection,
      connectionRef: config.connection_ref,
      statement,
      values,
      columns,
      failure,
      statementTimeoutMs,
    };
  }

  return {
    async check(source, { signal }) {
      const reading = await prepare(source, 'VERIFICATION_FAILED');
      await translated(reading, signal, async () => {
        const stream = await openRowStream({ ...reading, after: null, signal });
        await stream.close();
      });
    },

    async readPage(source, { cursor, itemsMax, signal }): Promise<SourcePage> {
      const reading = await prepare(source, 'SQL_INGESTION_ERROR');
      const { after, records, bytes } = readPosition(cursor);
      async function pageFrom(stream: RowStream): Promise<SourcePage> {
        try {
          const rows = await stream.read(itemsMax, signal);
          const items = rows.map((row) => toDocument(row, reading.columns));
          const read = {
            after: rows.at(-1)?.id ?? after,
            records: records + items.length,
            bytes: items.reduce((sum, item) => sum + item.bytes, bytes),
          };
          requireWithinLimits(read);
          if (rows.length < itemsMax) {
            await stream.close();
            return { items, nextCursor: null };
          }
          const nextCursor = writePosition(read);
          idle.put(source.sourceId, nextCursor, stream);
          return { items, nextCursor };
        } catch (error) {
          void stream.close();
          throw error;
        }
      }

      return translated(reading, signal, async () => {
        const kept = idle.take(source.sourceId, cursor);
        try {
          if (kept !== undefined) return await pageFrom(kept);
        } catch (error) {
          // The server may have ended a session that waited, and this process not have heard of it yet.
          if (signal.aborted || !isSessionLost(error)) throw error;
        }
        return pageFrom(await openRowStream({ ...reading, after, signal }));
      });
    },

    close: () => idle.closeAll(),
  };
}

async function translated<T>(
  { failure, connectionRef }: Reading,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal.aborted ? error : toSqlFault(error, failure, connectionRef);
  }
}

function parseConfig(config: unknown, failure: SqlFailure): SqlSourceConfig {
  const parsed = SqlSourceConfig.safeParse(config);
  if (parsed.success) return parsed.data;
  throw refusal(failure, 'A sql source needs a "connection_ref", a "template_id" and, if wanted, "params".');
}

// Another tenant's connection is answered as one that does not exist.
function requireConnection(connections: SqlConnections, name: string, tenantId: string): SqlConnection {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (connection !== undefined && mayUse(connection, tenantId)) return connection;
  throw refusal('CONNECTOR_NOT_FOUND', `there is no SQL connection ${name}: the operator names them for each tenant`);
}

function mayUse({ tenants }: SqlConnection, tenantId: string): boolean {
  return tenants === '*' || tenants.includes('*') || tenants.includes(tenantId);
}

function valuesOf(
  { parameters, parameterOrder }: SqlTemplate,
  { config, tenantId, failure }: { config: SqlSourceConfig; tenantId: string; failure: SqlFailure },
): readonly unknown[] {
  const bound = bindSqlValues(parameters, config.params);
  if ('issue' in bound) throw refusal(failure, `params.${bound.issue.name}: ${bound.issue.message}`);
  return parameterOrder.map((name) => (name === tenantParameter ? tenantId : bound.values[name]));
}

function requireWithinLimits({ records, bytes }: { readonly records: number; readonly bytes: number }): void {
  if (records > sqlLimits.recordsMax) {
    throw refusal('SQL_INGESTION_ERROR', 'the source holds more than 100,000 records: let the template read fewer');
  }
  if (bytes > sqlLimits.bytesMax) {
    throw refusal('SQL_INGESTION_ERROR', 'the source holds more than 100 MB of text: let the template read less');
  }
}
