import { fork } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Say } from '../terminal';
import { runs } from './runs';

/** Lets the SDK download the server it was made for. Undefined when the machine may not download. */
export async function downloadTemporal({
  target,
  say,
  signal,
}: {
  target: string;
  say: Say;
  signal?: AbortSignal | undefined;
}): Promise<string | undefined> {
  const place = `${target}.download`;
  await mkdir(place, { recursive: true });
  // In a process of its own: the SDK cannot be stopped in the middle, and starts a server to show that the download works.
  const problem = await new Promise<string | undefined>((resolve) => {
    const child = fork(path.join(__dirname, 'download-with-sdk'), [place], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const stop = () => child.kill('SIGKILL');
    const timer = setTimeout(stop, 180_000);
    signal?.addEventListener('abort', stop, { once: true });
    let words = '';
    child.stderr?.on('data', (chunk) => (words = (words + String(chunk)).slice(-2_000)));
    child.once('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(code === 0 ? undefined : lastReason(words) || 'it took too long');
    });
  });
  if (problem !== undefined) {
    await rm(place, { recursive: true, force: true });
    say(`Temporal: the download is not possible here (${problem})`);
    return undefined;
  }
  for (const name of await readdir(place)) {
    const file = path.join(place, name);
    if (!(await runs(file))) continue;
    await rename(file, target);
    await rm(place, { recursive: true });
    return target;
  }
  return undefined;
}

/** The cause stands last in the chain that the SDK reports. */
function lastReason(words: string): string {
  return words.trim().split(': ').slice(-2).join(': ');
}
