import type { Command } from 'commander';

/** A command as completion needs it. */
export interface CommandNode {
  /** Its name and those of its parents, without the program's: `planes watch`. */
  readonly path: string;
  readonly children: readonly { readonly name: string; readonly description: string }[];
  /** Long options. */
  readonly options: readonly OptionNode[];
  /** For arguments that take one of a few words. */
  readonly words: readonly string[];
}

export interface OptionNode {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** Every command of the tree, the program first. */
export function commandNodes(command: Command, path = ''): CommandNode[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((each) => each.name() !== 'help');
  const node: CommandNode = {
    path,
    children: children.map((each) => ({ name: each.name(), description: each.description() })),
    options: help.visibleOptions(command).flatMap((each) => {
      const { long, description, argChoices = [], required, optional } = each;
      if (long === undefined || long === null) return [];
      return [{ flag: long, description, takesValue: required || optional, choices: argChoices }];
    }),
    words: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  return [node, ...children.flatMap((each) => commandNodes(each, `${path} ${each.name()}`.trim()))];
}
