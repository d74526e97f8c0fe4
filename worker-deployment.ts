import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { ConfigError } from './config';
import { readVersion } from './version';

/** Beside the compiled worker; workers that run from the sources bundle at start instead. */
export const workflowBundlePath = path.join(__dirname, 'workflow-bundle.js');

/** How a versioned worker presents itself; an installation's deployment is named after its main queue. */
export function workerDeployment(deploymentName: string, buildId: string): WorkerDeploymentOptions {
  return {
    useWorkerVersioning: true,
    version: { deploymentName, buildId },
    // Workflows that end soon say themselves that they stay.
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  };
}

/** The package's version and what the workflows' code hashes to: the same on every machine that built the same. */
export function readBuildId(bundlePath = workflowBundlePath): string {
  let bundle: string;
  try {
    bundle = readFileSync(bundlePath, 'utf8');
  } catch {
    throw new ConfigError('AOS_WORKER_BUILD_ID must be set where no built workflow bundle lies beside the worker.');
  }
  // The source map behind the code names the folders of the machine that built it.
  const [code = ''] = bundle.split('//# sourceMappingURL=', 1);
  return `${readVersion()}-${createHash('sha256').update(code).digest('hex').slice(0, 12)}`;
}
