import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Source } from './deps';
import { usageFailure } from './failures';

/** Wraps standard input; prompts go to the other stream, so that output stays what it is. */
export function sourceOf(input: NodeJS.ReadStream, prompts: NodeJS.WriteStream): Source {
  return {
    get isTTY() {
      return input.isTTY === true;
    },
    read: () => text(input),
    ask: (prompt) => ask(input, prompts, prompt),
    askHidden: (prompt) => askHidden(input, prompts, prompt),
  };
}

function ask(input: NodeJS.ReadStream, output: NodeJS.WriteStream, prompt: string): Promise<string | undefined> {
  const lines = createInterface({ input, output, historySize: 0 });
  return new Promise((resolve) => {
    lines.once('close', () => resolve(undefined));
    lines.question(prompt, (line) => {
      resolve(line);
      lines.close();
    });
  });
}

function askHidden(input: NodeJS.ReadStream, prompts: NodeJS.WriteStream, prompt: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  prompts.write(prompt);
  // As a terminal, so that it takes the echo off; what it would echo goes nowhere.
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    lines.once('close', () => {
      prompts.write('\n');
      reject(usageFailure('no secret was given'));
    });
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
  });
}
