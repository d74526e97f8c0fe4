import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowDefinitionOptions } from '@temporalio/common';

/**
 * For workflows that end soon: they end on the version of the workers that they began on. All others move on with the
 * current version, which is what a versioned worker does with workflows that say nothing.
 */
export function pinned(): WorkflowDefinitionOptions {
  // The server refuses every task of a worker without versions that comes with a behaviour.
  const isVersioned = (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') !== '';
  return isVersioned ? { versioningBehavior: 'PINNED' } : {};
}
