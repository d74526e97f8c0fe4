import { Option, type Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { collected, fraction } from '../../option-values';
import { planeSources, type PlaneSource, type SourceOptions } from '../../plane-sources';
import { resolveSqlTemplate } from '../../resolve-name';
import { action, type Session } from '../../session';
import { renderFields } from '../../table';
import { shellWord } from '../../text';

interface RegisterOptions extends SourceOptions {
  readonly type?: 'private' | 'public';
  readonly tolerance?: number;
  readonly onboard?: boolean;
  readonly description?: string;
}

/** `aos planes register` */
export function addRegisterCommand(planes: Command, run: CliRun): void {
  addWriteCommand(planes, 'register <name>', 'register a plane with its sources')
    .addOption(new Option('--type <type>', 'who may know what is in it').choices(['private', 'public']))
    .option(
      '--source <type:name:path>',
      'a source, file:hr:examples/handbook or sql:crm:CONNECTION/TEMPLATE; may be repeated',
      collected,
    )
    .option('--file <folder>', 'a folder that the server reads; may be repeated', collected)
    .option('--include <pattern>', 'which files of the file sources, for example **/*.md; may be repeated', collected)
    .option(
      '--param <name=value>',
      'a parameter of the sql sources, the value as JSON or text; may be repeated',
      collected,
    )
    .option('--url <url>', 'a web page; all of them together are one source', collected)
    .option('--sitemap <url>', 'the pages that a sitemap lists; may be repeated', collected)
    .option('--upload', 'a source that takes uploaded files')
    .option('--tolerance <share>', 'which share of unreadable documents is acceptable, 0 to 1', fraction)
    .option('--onboard', 'verify, ingest, index, classify and request activation without further commands')
    .option('--description <text>', 'what it holds')
    .action(action(run, register));
}

async function register(session: Session, name: string, options: RegisterOptions): Promise<void> {
  const plane = await session.api.write('POST', '/planes', {
    name,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.type === undefined ? {} : { plane_type: options.type }),
    ...(options.tolerance === undefined ? {} : { unreadable_tolerance: options.tolerance }),
    ...(options.onboard === true ? { onboard: true } : {}),
    sources: await Promise.all(planeSources(options, session.run.cwd).map((each) => withTemplateId(session, each))),
  });
  session.show(plane, () =>
    renderFields([
      ['plane', plane['plane_id']],
      ['name', plane['name'] ?? name],
      ['state', plane['state']],
      ['next', nextStep(shellWord(name), options)],
    ]),
  );
}

/** A template may be named: then its newest active version is taken. */
async function withTemplateId(session: Session, source: PlaneSource): Promise<PlaneSource> {
  const { template_id: template } = source.config;
  if (source.source_type !== 'sql' || typeof template !== 'string') return source;
  return { ...source, config: { ...source.config, template_id: await resolveSqlTemplate(session, template) } };
}

function nextStep(name: string, { upload, onboard }: RegisterOptions): string {
  if (upload === true) return `aos planes upload ${name} FILE…`;
  return onboard === true ? `aos planes watch ${name}` : `aos planes transition ${name} verify --reason "…"`;
}
