import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The operator's own tool, against the test server. */
export function temporalCli(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { PATH, HOME, TEST_TEMPORAL_CLI: cli = 'temporal', TEST_TEMPORAL_ADDRESS: address = '' } = process.env;
  return run(cli, [...args, '--address', address], { env: { PATH, HOME } });
}
