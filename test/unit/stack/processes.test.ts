import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endLeftover, endProcess, recordProcess } from '../../../scripts/stack/child-process';
import { identify, isRunning } from '../../../scripts/stack/process-identity';
import { createRestartPolicy } from '../../../scripts/stack/restart-policy';
import { importantPart } from '../../../scripts/stack/process-log';

let place: string;
const children: ChildProcess[] = [];
beforeEach(async () => (place = await mkdtemp(path.join(tmpdir(), 'aos-run-'))));
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(place, { recursive: true, force: true });
});

async function start(code: string): Promise<{ child: ChildProcess; pid: number }> {
  const program = `${code}; setInterval(() => {}, 1000); console.log('up')`;
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return { child, pid: child.pid ?? 0 };
}

it('ends what an earlier start left running, also when it does not listen', async () => {
  const { child, pid } = await start(`process.on('SIGTERM', () => {})`);
  const identity = identify(pid);
  if (identity === undefined) throw new Error('the child does not run');
  await endProcess(identity, { signal: 'SIGTERM', deadlineMs: 200 });
  expect(isRunning(identity)).toBe(false);
  await recordProcess(place, 'worker', child);
  await expect(endLeftover(place, 'worker')).resolves.toBe(false);
});

it('finds it through its record, once', async () => {
  const { child, pid } = await start('');
  await recordProcess(place, 'worker', child);
  await expect(endLeftover(place, 'worker')).resolves.toBe(true);
  expect(identify(pid)).toBeUndefined();
  await expect(endLeftover(place, 'worker')).resolves.toBe(false);
});

it('spares a process that only got the same number', async () => {
  const { child, pid } = await start('');
  await recordProcess(place, 'api', child);
  await writeFile(path.join(place, 'run/api.json'), JSON.stringify({ pid, began: 'another time' }));
  await expect(endLeftover(place, 'api')).resolves.toBe(false);
  expect(identify(pid)).toBeDefined();
});

it('starts again with growing pauses, and gives up after five fast failures', () => {
  const policy = createRestartPolicy();
  expect([1, 2, 3, 4, 5].map(() => policy.next(100))).toEqual([500, 1000, 2000, 4000, undefined]);
});

it('counts anew after a long run', () => {
  const policy = createRestartPolicy();
  for (let failure = 0; failure < 4; failure += 1) policy.next(100);
  expect(policy.next(60_000)).toBe(500);
  expect(policy.next(100)).toBe(500);
});

it.each([
  ['{"level":50,"msg":"failed","err":{"message":"because"}}', 'failed: because'],
  ['{"level":50,"msg":"failed","err":{"message":"failed"}}', 'failed'],
  ['{"level":30,"msg":"fine"}', undefined],
  ['AOS_DATABASE_APP_URL must be set.', 'AOS_DATABASE_APP_URL must be set.'],
  ['    at main (file.js:1:1)', undefined],
])('shows errors of a process on the terminal: %s', (line, shown) => {
  expect(importantPart(line)).toBe(shown);
});
