import type { Command } from 'commander';
import type { CliRun } from '../../deps';
import { addServerAddCommand } from './add';
import { addServerApproveCommand } from './approve';
import { addServerDiscoverCommand } from './discover';
import { addServerReadCommands } from './read';
import { addServerRemoveCommand } from './remove';
import { addServerSetCommand } from './set';
import { addServerToolsCommand } from './tools';

/** `aos servers …`; wherever a server is asked for, its name serves as well as its id. */
export function addServerCommands(program: Command, run: CliRun): void {
  const servers = program.command('servers').description('MCP servers, and what they offer');
  addServerReadCommands(servers, run);
  addServerAddCommand(servers, run);
  addServerSetCommand(servers, run);
  addServerRemoveCommand(servers, run);
  addServerDiscoverCommand(servers, run);
  addServerToolsCommand(servers, run);
  addServerApproveCommand(servers, run);
}
