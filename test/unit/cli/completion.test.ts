import { execFileSync } from 'node:child_process';
import { runCommand } from './run-command';

let script: string;
beforeAll(async () => {
  script = (await runCommand(['completion', 'bash'])).stdout;
});

/** What a real bash offers for the line; the last word is the one at the cursor. */
function offers(...words: string[]): string[] {
  const line = ['aos', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _aos; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['--norc', '-c', ask], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return text.split('\n').filter((each) => each !== '');
}

test.each([
  [['pl'], ['planes']],
  [['planes', 'wa'], ['watch']],
  [['--role', 'viewer', 'planes', 'wa'], ['watch']],
  [['--role', 'vi'], ['viewer']],
  [['planes', 'watch', 'handbook', '--un'], ['--until']],
  [['policies', 'create', 'x', '--mode', 'B'], ['BLOCK']],
  [['switch', 'on', 'pl'], ['plane']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['planes', 'watch', 'list', '--js'], ['--json']],
  [['nonsense', ''], undefined],
])('bash completes %j', (words, expected) => {
  if (expected === undefined) expect(offers(...words)).toContain('planes');
  else expect(offers(...words)).toEqual(expect.arrayContaining(expected));
  if (expected?.length === 1 && words.at(-1) !== '') expect(offers(...words)).toEqual(expected);
});

test('a description with quotes breaks no script', () => {
  expect(() => execFileSync('bash', ['-n'], { input: script })).not.toThrow();
});

test('zsh and fish get scripts too, and other shells a refusal', async () => {
  const zsh = (await runCommand(['completion', 'zsh'])).stdout;
  expect(zsh).toMatch(/^#compdef aos\n/);
  const fish = (await runCommand(['completion', 'fish'])).stdout;
  expect(fish).toContain("-n '__fish_seen_subcommand_from planes' -f -a watch");
  expect((await runCommand(['completion', 'tcsh'])).exitCode).toBe(2);
});
