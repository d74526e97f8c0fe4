import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import { awaitDiscovery } from '../../await-discovery';
import type { CliRun } from '../../deps';
import { serverPathOf } from '../../resolve-name';
import { action, type Session } from '../../session';
import { showDiscovery } from '../../show-discovery';
import { discoveryTimeoutOption } from './timeout-option';

/** `aos servers discover` */
export function addServerDiscoverCommand(servers: Command, run: CliRun): void {
  addWriteCommand(servers, 'discover <server>', 'look anew at what it offers')
    .addOption(discoveryTimeoutOption())
    .action(action(run, discover));
}

async function discover(session: Session, server: string, { timeout }: { timeout: number }): Promise<void> {
  const path = `${await serverPathOf(session, server)}/discover`;
  // The same key asks for the same discovery, until it has ended.
  const idempotencyKey = session.idempotencyKey ?? randomUUID();
  session.note(`asking ${server} what it offers`);
  const data = await awaitDiscovery(session, timeout, async () => {
    const answer = await session.api.write('POST', path, undefined, { idempotencyKey });
    return { answer, discovery: answer };
  });
  showDiscovery(session, server, data);
}
