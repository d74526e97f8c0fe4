import type { Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { usageFailure } from '../failures';
import { collected } from '../option-values';
import { readJsonObject, readText } from '../read-input';
import { resolveSqlTemplate } from '../resolve-name';
import { action, type Session } from '../session';
import { column, renderFields } from '../table';

interface CreateOptions {
  readonly from?: string;
  readonly sqlFile?: string;
  readonly connection?: string;
  readonly param?: readonly string[];
  readonly id?: string;
  readonly content?: string;
  readonly contentFormat?: string;
  readonly metadata?: readonly string[];
  readonly description?: string;
}

/** `aos sql-templates …`; a template's name stands for its newest active version. */
export function addSqlTemplateCommands(program: Command, run: CliRun): void {
  const templates = program.command('sql-templates').description('read-only SQL texts that sql sources name');
  addWriteCommand(templates, 'create <name>', 'register a template as the next version of its name')
    .option('--from <file>', 'the whole definition as a JSON file, instead of the options below')
    .option('--sql-file <file>', 'the query, with :name for parameters and :tenant_id for the tenant')
    .option('--id <column>', 'the column that names each document')
    .option('--content <column>', 'the column that holds its text; without it all columns are shown')
    .option('--content-format <format>', 'of the content: text, markdown or html')
    .option('--metadata <column>', 'a column to show above the content; may be repeated', collected)
    .option('--param <name:type>', 'a parameter, for example year:int or tags:list[str]; may be repeated', collected)
    .option('--connection <name>', 'the only connection that may run it')
    .option('--description <text>', 'what it is for')
    .action(action(run, create));
  addListCommand(templates, 'list', 'the templates of the tenant').action(action(run, list));
  addReadCommand(templates, 'show <template>', 'one template').action(action(run, show));
  addWriteCommand(templates, 'retire <template>', 'end its use: no source reads with it any more').action(
    action(run, retire),
  );
}

async function create(session: Session, name: string, options: CreateOptions): Promise<void> {
  const data = await session.api.write('POST', '/sql-templates', { ...definition(options, session.run.cwd), name });
  session.show(data, () =>
    renderFields([
      ['template', data['template_id']],
      ['name', data['name'] ?? name],
      ['version', data['template_version']],
      ['next', `aos planes register NAME --source sql:NAME:CONNECTION/${String(data['template_id'])}`],
    ]),
  );
}

function definition(options: CreateOptions, cwd: string): Readonly<Record<string, unknown>> {
  if (options.from !== undefined) return readJsonObject(options.from, cwd);
  const { sqlFile, id, content, contentFormat, metadata, connection, description } = options;
  if (sqlFile === undefined || id === undefined) {
    throw usageFailure(
      'a template needs its query and its id column',
      'give --sql-file FILE --id COLUMN, or --from FILE',
    );
  }
  return {
    sql: readText(sqlFile, cwd),
    parameters: Object.fromEntries((options.param ?? []).map(parseParameter)),
    columns: {
      id,
      ...(content === undefined ? {} : { content }),
      ...(contentFormat === undefined ? {} : { content_format: contentFormat }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    ...(connection === undefined ? {} : { connection_ref: connection }),
    ...(description === undefined ? {} : { description }),
  };
}

function parseParameter(text: string): readonly [string, { type: string }] {
  const [, name, type] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (name === undefined || type === undefined) throw usageFailure(`--param ${text} is not of the form name:type`);
  return [name, { type }];
}

async function list(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/sql-templates', limit), columns, 'SQL template');
}

async function show(session: Session, template: string): Promise<void> {
  const id = encodeURIComponent(await resolveSqlTemplate(session, template));
  const data = await session.api.get(`/sql-templates/${id}`);
  session.show(data, () =>
    renderFields(
      Object.entries(data).map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : value]),
    ),
  );
}

async function retire(session: Session, template: string): Promise<void> {
  const id = await resolveSqlTemplate(session, template);
  const data = await session.api.write('DELETE', `/sql-templates/${encodeURIComponent(id)}`);
  session.show(data, () => `SQL template ${template} (${id}) is retired\n`);
}

const columns = [
  column('template', 'template_id'),
  column('name', 'name'),
  column('version', 'template_version'),
  column('status', 'status'),
  column('connection', 'connection_ref'),
  column('created', 'created_at'),
];
