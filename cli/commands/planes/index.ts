import type { Command } from 'commander';
import type { CliRun } from '../../deps';
import { addBindCommands } from './bind';
import { addClassificationCommands } from './classification';
import { addDocumentCommands } from './documents';
import { addReadCommands } from './read';
import { addRegisterCommand } from './register';
import { addScheduleCommands } from './schedule';
import { addTransitionCommand } from './transition';
import { addUploadCommand } from './upload';
import { addWatchCommand } from './watch';

/** `aos planes …`; wherever a plane is asked for, its name serves as well as its id. */
export function addPlaneCommands(program: Command, run: CliRun): void {
  const planes = program.command('planes').description('knowledge planes, from registration to governed answers');
  addRegisterCommand(planes, run);
  addUploadCommand(planes, run);
  addReadCommands(planes, run);
  addWatchCommand(planes, run);
  addTransitionCommand(planes, run);
  addBindCommands(planes, run);
  addDocumentCommands(planes, run);
  addClassificationCommands(planes, run);
  addScheduleCommands(planes, run);
}
