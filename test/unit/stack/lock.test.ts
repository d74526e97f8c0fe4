import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockDataDir } from '../../../scripts/stack/lock';
import { identify } from '../../../scripts/stack/process-identity';

let place: string;
beforeEach(async () => (place = await mkdtemp(path.join(tmpdir(), 'aos-lock-'))));
afterEach(() => rm(place, { recursive: true, force: true }));

const lockFile = () => path.join(place, 'data/run/stack.json');

it('makes a private folder, holds the lock and gives it back', async () => {
  const unlock = await lockDataDir(path.join(place, 'data'));
  expect((await stat(path.join(place, 'data'))).mode & 0o777).toBe(0o700);
  expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toEqual(identify(process.pid));
  await unlock();
  expect(await readdir(path.dirname(lockFile()))).toEqual([]);
});

it('is refused while its holder runs, and names the setting', async () => {
  const unlock = await lockDataDir(path.join(place, 'data'));
  await expect(lockDataDir(path.join(place, 'data'))).rejects.toThrow(/process \d+.*AOS_DATA_DIR/);
  await unlock();
});

it.each([
  ['whose process is gone', JSON.stringify({ pid: 2 ** 22 + 1, began: 'x' })],
  ['whose number belongs to another process by now', JSON.stringify({ pid: process.pid, began: 'x' })],
  ['that was cut off', '{"pid":'],
])('takes over a lock %s', async (_what, content) => {
  await (
    await lockDataDir(path.join(place, 'data'))
  )();
  await writeFile(lockFile(), content);
  const unlock = await lockDataDir(path.join(place, 'data'));
  expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toEqual(identify(process.pid));
  await unlock();
});

it('goes to one of many that ask at once for a stale lock', async () => {
  await (
    await lockDataDir(path.join(place, 'data'))
  )();
  await writeFile(lockFile(), '{}');
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(path.join(place, 'data'))));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
