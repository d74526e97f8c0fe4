#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { sinkOf } from './deps';
import { sourceOf } from './hidden-input';
import { findProjectRoot, versionOf } from './project-root';
import { runCli } from './run-cli';

const projectRoot = findProjectRoot(__dirname);

void runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  projectRoot,
  version: versionOf(projectRoot),
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  stdin: sourceOf(process.stdin, process.stderr),
  fetch,
  now: Date.now,
  sleep: (ms) => sleep(ms),
}).then((exitCode) => {
  // Not process.exit: it would cut off output that a pipe has not taken yet.
  process.exitCode = exitCode;
});
