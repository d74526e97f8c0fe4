import { ConfigError, loadStackConfig } from '../../config';
import { createShutdown } from './shutdown';
import { startStack } from './start-stack';
import { lockDataDir } from './lock';
import { say, StartError } from './terminal';

const options = ['--no-example'];

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => !options.includes(arg));
  if (unknown !== undefined) throw new StartError(`Unknown option ${unknown}; known: ${options.join(', ')}.`);

  const config = loadStackConfig();
  const unlock = await lockDataDir(config.dataDir);
  const shutdown = createShutdown(say);
  try {
    await startStack({ config, shutdown, say, withExample: !args.includes('--no-example') });
    await new Promise((resolve) => shutdown.signal.addEventListener('abort', resolve, { once: true }));
  } catch (error) {
    // Whatever was interrupted by the wish to stop is no failure of its own.
    if (!shutdown.signal.aborted) throw error;
  } finally {
    await shutdown.stopAll();
    await unlock();
  }
  if (shutdown.failure !== undefined) throw new StartError(shutdown.failure);
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    const isPlain = error instanceof ConfigError || error instanceof StartError;
    process.stderr.write(`${isPlain ? error.message : error.stack}\n`);
    process.exit(1);
  },
);
