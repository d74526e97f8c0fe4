/** What the auditor holds the fence to: written down a second time, so that a change of it is a decision. */
interface Fenced {
  /** Names that a switch of scope `capability` stops it by. */
  readonly capabilities: readonly string[];
  /** Works for a job, so that a kill since the job's start refuses it for ever. */
  readonly job: boolean;
}

const of = (...capabilities: string[]): Fenced => ({ capabilities, job: false });
const forJob = (...capabilities: string[]): Fenced => ({ capabilities, job: true });

/** Actions whose commits a kill in their scope refuses. A stage's gate also stands in the scope of its stage. */
export const fencedActions: Readonly<Record<string, Fenced>> = {
  'governance.enforcement.change': of(),
  'governance.pauses.resume': of(),
  'identity.keys.create': of(),
  'identity.tenants.create': of(),
  'knowledge.activate.open_endpoint': forJob('lifecycle.activate'),
  'knowledge.classify.finish': forJob('lifecycle.classify'),
  'knowledge.classify.record_batch': forJob('lifecycle.classify'),
  'knowledge.documents.accept': of('knowledge.documents'),
  'knowledge.documents.delete': of('knowledge.documents'),
  'knowledge.index.begin_run': forJob('lifecycle.index'),
  'knowledge.index.commit_run': forJob('lifecycle.index'),
  'knowledge.index.record_batch': forJob('lifecycle.index'),
  'knowledge.ingest.finish': forJob('lifecycle.ingest'),
  'knowledge.ingest.record_page': forJob('lifecycle.ingest'),
  'knowledge.jobs.begin': forJob('job.default'),
  'knowledge.jobs.begin_stage': forJob('job.default'),
  'knowledge.jobs.complete': forJob('job.default'),
  'knowledge.jobs.fail': of(),
  'knowledge.planes.bind_policy': of(),
  'knowledge.planes.reclassify': of(),
  'knowledge.planes.register': of('lifecycle.register'),
  'knowledge.planes.transition': of('job.default'),
  'knowledge.planes.unbind_policy': of(),
  'knowledge.schedules.begin_run': of(),
  'knowledge.schedules.delete': of(),
  'knowledge.schedules.enable': of(),
  'knowledge.schedules.set': of(),
  'knowledge.verify.finish': forJob('lifecycle.verify'),
  'limits.rates.clear': of(),
  'limits.rates.set': of(),
  'maintenance.objects.discard': of(),
  'policies.create': of(),
  'policies.lifecycle': of(),
  'policies.snapshots.create': of(),
  'retrieval.begin': of('retrieval.query'),
  'retrieval.release': of('retrieval.query'),
  'sql_templates.create': of(),
  'sql_templates.retire': of(),
};

/** Actions that commit under a kill: they record, refuse or stop. */
export const exemptActions: readonly string[] = [
  'evidence.exports.begin',
  'evidence.exports.complete',
  'evidence.exports.fail',
  'governance.effects.resolve',
  'governance.effects.sweep',
  'governance.fan_out.end',
  'governance.fan_out.record',
  'governance.kills.record',
  'governance.messages.refuse',
  'governance.mode.change',
  'governance.pauses.expire',
  'governance.pauses.open',
  'governance.pauses.resume_released',
  'governance.pauses.warn',
  'governance.switches.change',
  'identity.keys.revoke',
  'knowledge.jobs.record_kill',
  'knowledge.schedules.record_run',
  'maintenance.objects.record_discarded',
  'retrieval.fail',
];
