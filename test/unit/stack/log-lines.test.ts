import { execFileSync } from 'node:child_process';
import path from 'node:path';

const logLines = path.resolve(__dirname, '../../../log-lines.ts');

function outputOf(script: string): string {
  const code = `const { gatherLines } = require(${JSON.stringify(logLines)}); const lines = gatherLines(); ${script}`;
  const tsx = ['--require', require.resolve('tsx/cjs')];
  return execFileSync(process.execPath, [...tsx, '--eval', code], { encoding: 'utf8' });
}

const numbered = Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`).join('');
const write = 'for (let index = 0; index < 1000; index += 1) lines.write(`line ${index}\\n`);';

it('loses no line when the process exits in the turn that wrote it', () => {
  expect(outputOf(`${write} process.exit(0);`)).toBe(numbered);
});

it('writes every line in order, over several turns', () => {
  expect(outputOf(`setImmediate(() => { ${write} }); lines.write('first\\n');`)).toBe(`first\n${numbered}`);
});

it('writes what came before a throw that nobody catches', () => {
  const script = `process.once('uncaughtException', () => process.exit(0)); ${write} throw new Error('bug');`;
  expect(outputOf(script)).toBe(numbered);
});
