import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const place = mkdtempSync(path.join(tmpdir(), 'aos-embedder-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const program = `
  const { createEmbedder } = require('./activities/adapters/embedder');
  const embedder = createEmbedder({ kind: 'minilm', threads: 1 });
  embedder.embed(['a text']).then(([vector]) => {
    console.log(vector.length);
    return embedder.close();
  });
`;

test('the embedding runtime keeps no record to send home', () => {
  // Without CI, where the runtime is silent anyway; it keeps what it has not sent yet in the home and the temporary folder.
  const env = { PATH: process.env.PATH, HOME: place, TMPDIR: place };
  const args = ['--require', require.resolve('tsx/cjs'), '--eval', program];
  const printed = execFileSync(process.execPath, args, { cwd: path.join(__dirname, '../../..'), env });
  expect(printed.toString()).toBe('384\n');
  const left = readdirSync(place).filter((name) => !name.startsWith('tsx-'));
  expect(left).toEqual([]);
});
