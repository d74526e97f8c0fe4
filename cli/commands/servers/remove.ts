import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { serverPathOf } from '../../resolve-name';
import { action, type Session } from '../../session';

/** `aos servers remove` */
export function addServerRemoveCommand(servers: Command, run: CliRun): void {
  addWriteCommand(servers, 'remove <server>', 'take it out of use for good; its evidence stays').action(
    action(run, remove),
  );
}

async function remove(session: Session, server: string): Promise<void> {
  const data = await session.api.write('DELETE', await serverPathOf(session, server));
  session.show(data, () => `server ${server} is removed\n`);
}
