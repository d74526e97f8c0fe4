import { TestWorkflowEnvironment } from '@temporalio/testing';

const yearMs = 365 * 24 * 3_600_000;

async function main(downloadDir: string): Promise<void> {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir, ttl: yearMs } },
  });
  await environment.teardown();
}

main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
