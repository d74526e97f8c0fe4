import type { Command } from 'commander';
import { addReadCommand } from '../add-command';
import type { CliRun } from '../deps';
import { exitCodes } from '../exit-codes';
import { action, type Session } from '../session';
import { renderFields } from '../table';

/** `aos status` */
export function addStatusCommand(program: Command, run: CliRun): void {
  addReadCommand(program, 'status', 'whether the installation is healthy').action(action(run, status));
}

async function status(session: Session): Promise<void> {
  const data = await session.api.get('/governance/boot-status');
  session.show(data, () => renderFields(Object.entries(data)));
  if (data['healthy'] === false) session.end(exitCodes.failed);
}
