import type { SqlConnection } from '../../contracts/sql-connections';
import { SqlTemplateDefinition } from '../../contracts/sql-templates';
import { EngineError } from '../../contracts/errors';
import { createSqlReader, type SqlTemplate } from '../../activities/adapters/source-reader/sql';
import type { SourceItem, SourceRef } from '../../activities/adapters/source-reader/port';
import { compileTemplate } from '../../operations/sql-templates/compile-template';
import { createSourceDatabase, password, type SourceDatabase } from '../support/source-database';

/** A database with a table of notes, and functions that write. */
export function createNotes(rows: number): Promise<SourceDatabase> {
  return createSourceDatabase(`
    create table notes (id int primary key, owner text not null, title text, body text, made timestamptz, raw bytea);
    insert into notes select n, 'ten_' || n % 2, 'Note ' || n, repeat('word ' || n || ' ', 20), '2026-01-02T03:04:05Z'
      from generate_series(1, ${rows}) n;
    create function sneak() returns int language plpgsql as
      $$ begin insert into notes values (-1, 'x'); return 1; end $$;
    create function sneak_definer() returns int language plpgsql security definer as
      $$ begin insert into notes values (-1, 'x'); return 1; end $$;
    create sequence counter`);
}

export const noteCount = async ({ admin }: SourceDatabase): Promise<number> =>
  (await admin.query('select count(*)::int as n from notes')).rows[0].n as number;

export const signal = new AbortController().signal;
const templateId = 'sqlt_000000000001';

export interface Given {
  readonly sql: string;
  readonly parameters?: object;
  readonly columns?: object;
  readonly params?: object;
  readonly connection?: SqlConnection;
  readonly tenantId?: string;
  readonly statementTimeoutMs?: number;
}

/** Readers of that database, where no other connection is given. */
export function readingFrom(db: () => SourceDatabase) {
  /** A reader of one template without the check of its text: what reaches the server must be harmless all the same. */
  async function aReader(given: Given, check = true) {
    const { sql, parameters = {}, columns = { id: 'id' }, params = {}, connection = db().reader } = given;
    const definition = SqlTemplateDefinition.parse({ name: 't', sql, parameters, columns });
    const compiled = check ? await compileTemplate(definition) : { statement: sql, parameterOrder: [] };
    const template: SqlTemplate = { ...definition, ...compiled, connectionRef: null };
    const reader = createSqlReader({
      connections: { crm: connection },
      ...(given.statementTimeoutMs !== undefined && { statementTimeoutMs: given.statementTimeoutMs }),
      findTemplate: async (_, id) => (id === templateId ? template : undefined),
    });
    const source: SourceRef = {
      tenantId: given.tenantId ?? 'ten_0',
      planeId: 'kp_000000000000',
      sourceId: 'src_1',
      config: { connection_ref: 'crm', template_id: templateId, params },
    };
    return { reader, source };
  }

  async function readAll(given: Given, check?: boolean): Promise<SourceItem[]> {
    const { reader, source } = await aReader(given, check);
    const items: SourceItem[] = [];
    let cursor: string | null = null;
    do {
      const page = await reader.readPage(source, { cursor, itemsMax: 100, signal });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  async function refused(given: Given, { stage = 'check', check = true } = {}): Promise<EngineError> {
    const { reader, source } = await aReader(given, check);
    const reading =
      stage === 'check'
        ? reader.check(source, { signal })
        : reader.readPage(source, { cursor: null, itemsMax: 10, signal });
    const error = await reading.then(
      () => 'accepted',
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EngineError)) throw new Error(`${given.sql}: ${String(error)}`);
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(password);
    return error;
  }

  return { aReader, readAll, refused };
}

export async function textOf(item: SourceItem | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await item?.open()) ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
