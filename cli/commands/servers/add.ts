import { Option, type Command } from 'commander';
import { serverAuthTypes, serverTransports } from '../../../contracts/tools';
import { addWriteCommand } from '../../add-command';
import type { Row } from '../../api-client';
import { awaitDiscovery } from '../../await-discovery';
import type { CliRun } from '../../deps';
import { collected } from '../../option-values';
import { resolveCredential, serversPath } from '../../resolve-name';
import { action, type Session } from '../../session';
import { endWhenFailed, errorOf, findingsText } from '../../show-discovery';
import { renderFields } from '../../table';
import { discoveryTimeoutOption } from './timeout-option';

interface AddOptions {
  readonly transport?: string;
  readonly auth?: string;
  readonly credential?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly approval: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** `aos servers add` */
export function addServerAddCommand(servers: Command, run: CliRun): void {
  addWriteCommand(servers, 'add <name> <url>', 'register a server, and wait until its tools are pinned')
    .addOption(
      new Option('--transport <transport>', 'how it is spoken to (default: http, or stdio for stdio:NAME)').choices(
        serverTransports,
      ),
    )
    .addOption(new Option('--auth <type>', 'how requests are authorized').choices(serverAuthTypes))
    .option('--credential <credential>', 'the stored secret to do so with')
    .option('--description <text>', 'what it is for')
    .option('--tag <tag>', 'a word to find it by; may be repeated', collected)
    .option('--no-approval', 'let calls go ahead without the approval of a person, as far as their risk allows')
    .option('--no-wait', 'do not wait for its tools')
    .addOption(discoveryTimeoutOption())
    .action(action(run, add));
}

async function add(session: Session, name: string, url: string, options: AddOptions): Promise<void> {
  const {
    transport = url.startsWith('stdio:') ? 'stdio' : undefined,
    auth,
    credential,
    description,
    tag,
    approval,
    wait,
    timeout,
  } = options;
  const made = await session.api.write('POST', serversPath, {
    name,
    url,
    ...(transport === undefined ? {} : { transport }),
    ...(auth === undefined ? {} : { auth_type: auth }),
    ...(credential === undefined ? {} : { credential_id: await resolveCredential(session, credential) }),
    ...(description === undefined ? {} : { description }),
    ...(tag === undefined ? {} : { tags: tag }),
    requires_approval: approval,
  });
  if (!wait) return session.show(made, () => renderFields(Object.entries(made)));
  session.note(`${name} is registered; its tools are being looked at`);
  const path = `${serversPath}/${encodeURIComponent(String(made['server_id']))}`;
  const server = await awaitDiscovery(session, timeout, async () => {
    const answer = await session.api.get(path);
    return { answer, discovery: discoveryOf(answer) };
  });
  session.show(server, () => text(session, name, server));
  endWhenFailed(session, discoveryOf(server));
}

function text(session: Session, name: string, server: Row): string {
  const error = errorOf(discoveryOf(server));
  return [
    renderFields([
      ['server', server['server_id']],
      ['name', server['name'] ?? name],
      ['status', server['status']],
      ...(error === undefined ? [] : [['error', error] as const]),
      ['tools', server['tool_count']],
      ['next', `aos servers ${error === undefined ? 'tools' : 'discover'} ${name}`],
    ]),
    findingsText(session, server['findings']),
  ].join('');
}

function discoveryOf(server: Row): Row | undefined {
  return (server['discovery'] ?? undefined) as Row | undefined;
}
