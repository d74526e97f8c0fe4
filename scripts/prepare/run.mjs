import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs one step, quietly when it succeeds, and passes the wish to stop on to it. Answers whether it succeeded. */
export function runStep(announcement, command, args) {
  console.log(announcement);
  const began = Date.now();
  return new Promise((resolve) => {
    // As npm does for its scripts: some tools call others by name.
    const search = [path.join(root, 'node_modules/.bin'), process.env.PATH].join(path.delimiter);
    const env = { ...process.env, PATH: search };
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    let stopped = false;
    const stop = (signal) => {
      stopped = true;
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, stop);
    const end = (succeeded, reason) => {
      for (const signal of signals) process.off(signal, stop);
      if (succeeded) console.log(`  done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
      else if (!stopped)
        console.error(`${output.trim().split('\n').slice(-40).join('\n')}\nThis step failed (${reason}).`);
      resolve(succeeded);
    };
    child.once('error', (error) => end(false, error.message));
    child.once('close', (code, signal) => end(code === 0, signal ?? `code ${code}`));
  });
}
