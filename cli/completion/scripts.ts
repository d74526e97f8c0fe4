import type { CommandNode, OptionNode } from './tree';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script by which a shell completes the command. */
export function completionScript(shell: Shell, nodes: readonly CommandNode[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes);
}

const wordsOf = ({ children, options, words }: CommandNode) =>
  [...children.map(({ name }) => name), ...words, ...options.map(({ flag }) => flag)].join(' ');

/** All options of all commands, one of each flag. */
function valueOptions(nodes: readonly CommandNode[]): OptionNode[] {
  const byFlag = new Map(nodes.flatMap(({ options }) => options).map((each) => [each.flag, each]));
  return [...byFlag.values()].filter(({ takesValue }) => takesValue);
}

function bashScript(nodes: readonly CommandNode[]): string {
  return `_aos() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path="" skip="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "\${COMP_WORDS[i]}" in
      ${valueOptions(nodes)
        .map(({ flag }) => flag)
        .join('|')}) skip=1 ;;
      -*) ;;
      *) if _aos_words "\${path:+$path }\${COMP_WORDS[i]}" >/dev/null; then path="\${path:+$path }\${COMP_WORDS[i]}"; fi ;;
    esac
  done
  if [[ -n $skip ]]; then
    case "$path $prev" in
${choicesOf(nodes)
  .map(
    ([path, flag, choices]) =>
      `      ${quoted(`${path} ${flag}`)}) COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur")) ;;`,
  )
  .join('\n')}
      *) compopt -o default 2>/dev/null ;;
    esac
    return
  fi
  COMPREPLY=($(compgen -W "$(_aos_words "$path")" -- "$cur"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null
}
_aos_words() {
  case "$1" in
${nodes.map((node) => `    ${quoted(node.path)}) echo ${quoted(wordsOf(node))} ;;`).join('\n')}
    *) return 1 ;;
  esac
}
complete -F _aos aos
`;
}

function zshScript(nodes: readonly CommandNode[]): string {
  return `#compdef aos
autoload -U +X bashcompinit && bashcompinit
${bashScript(nodes)}`;
}

function fishScript(nodes: readonly CommandNode[]): string {
  const under = ({ path }: CommandNode) => {
    if (path === '') return '__fish_use_subcommand';
    return path
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
  };
  const line = (node: CommandNode, what: string, description: string) =>
    `complete -c aos -n ${quoted(under(node))} ${what} -d ${quoted(description)}`;
  return `${nodes
    .flatMap((node) => [
      ...node.children.map(({ name, description }) => line(node, `-f -a ${name}`, description)),
      ...node.words.map((word) => line(node, `-f -a ${word}`, 'argument')),
      ...node.options.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
        return line(node, `-l ${flag.slice(2)}${value}`, description);
      }),
    ])
    .join('\n')}\n`;
}

function choicesOf(nodes: readonly CommandNode[]): (readonly [string, string, readonly string[]])[] {
  return nodes.flatMap(({ path, options }) =>
    options.filter(({ choices }) => choices.length > 0).map(({ flag, choices }) => [path, flag, choices] as const),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
