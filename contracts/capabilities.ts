import { stageNames, type StageName } from './knowledge';

/** What a switch of scope `capability` can stop. Every governed piece of work belongs to at least one of these. */
export const capabilities = [
  'job.default',
  'lifecycle.register',
  'lifecycle.verify',
  'lifecycle.ingest',
  'lifecycle.index',
  'lifecycle.classify',
  'lifecycle.activate',
  'knowledge.documents',
  'retrieval.query',
  'tools.registry',
  'tools.call',
] as const;
export type Capability = (typeof capabilities)[number];

export function stageCapability(stage: StageName): Capability {
  return `lifecycle.${stage}`;
}

/** What a job may need on its way: the epochs of all of these are remembered when it begins. */
export const jobCapabilities: readonly Capability[] = ['job.default', ...stageNames.map(stageCapability)];
