import { Argument, type Command } from 'commander';
import { addReadCommand } from '../add-command';
import { completionScript, shells, type Shell } from '../completion/scripts';
import { commandNodes } from '../completion/tree';
import { readCommonOptions } from '../common-options';
import type { CliRun } from '../deps';

const help = `
bash: add to ~/.bashrc              source <(aos completion bash)
zsh:  add to ~/.zshrc               source <(aos completion zsh)
fish: run once                      aos completion fish > ~/.config/fish/completions/aos.fish`;

/** `aos completion`; it needs neither API nor key. */
export function addCompletionCommand(program: Command, run: CliRun): void {
  addReadCommand(program, 'completion', 'the script by which a shell completes this command')
    .addArgument(new Argument('<shell>', 'for which shell').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell, _options: unknown, command: Command) => {
      const script = completionScript(shell, commandNodes(program));
      const isJson = readCommonOptions(command).json === true;
      run.stdout.write(isJson ? `${JSON.stringify({ shell, script })}\n` : script);
    });
}
