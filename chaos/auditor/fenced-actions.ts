/** What the auditor holds the fence to: written down a second time, so that a change of it is a decision. */
interface Fenced {
  /** Names that a switch of scope `capability` stops it by. */
  readonly capabilities: readonly string[];
  /** Works for a job, so that a kill since the job's start refuses it for ever. */
  readonly job: boolean;
  /** A stop or a pause refuses what begins work or its next step, a degraded scope what begins work. */
  readonly begins: 'work' | 'step' | 'nothing';
}

const of = (...capabilities: string[]): Fenced => ({ capabilities, job: false, begins: 'nothing' });
const forJob = (...capabilities: string[]): Fenced => ({ capabilities, job: true, begins: 'nothing' });
const work = (...capabilities: string[]): Fenced => ({ capabilities, job: false, begins: 'work' });
const stepOfJob = (...capabilities: string[]): Fenced => ({ capabilities, job: true, begins: 'step' });

/** Actions whose commits a kill in their scope refuses. A stage's gate also stands in the scope of its stage. */
export const fencedActions: Readonly<Record<string, Fenced>> = {
  'credentials.record_access': of(),
  'credentials.rotate': of(),
  'credentials.store': of(),
  'governance.enforcement.change': of(),
  'governance.pauses.resume': of(),
  'identity.identities.unblock': of(),
  'identity.keys.create': of(),
  'identity.tenants.create': of(),
  'knowledge.activate.open_endpoint': forJob('lifecycle.activate'),
  'knowledge.classify.finish': forJob('lifecycle.classify'),
  'knowledge.classify.record_batch': forJob('lifecycle.classify'),
  'knowledge.documents.accept': work('knowledge.documents'),
  'knowledge.documents.delete': work('knowledge.documents'),
  'knowledge.index.begin_run': forJob('lifecycle.index'),
  'knowledge.index.commit_run': forJob('lifecycle.index'),
  'knowledge.index.record_batch': forJob('lifecycle.index'),
  'knowledge.ingest.finish': forJob('lifecycle.ingest'),
  'knowledge.ingest.record_page': forJob('lifecycle.ingest'),
  'knowledge.jobs.begin': stepOfJob('job.default'),
  'knowledge.jobs.begin_stage': stepOfJob('job.default'),
  'knowledge.jobs.complete': forJob('job.default'),
  'knowledge.jobs.fail': of(),
  'knowledge.planes.bind_policy': of(),
  'knowledge.planes.reclassify': work(),
  'knowledge.planes.register': work('lifecycle.register'),
  'knowledge.planes.transition': work('job.default'),
  'knowledge.planes.unbind_policy': of(),
  'knowledge.schedules.begin_run': work(),
  'knowledge.schedules.delete': of(),
  'knowledge.schedules.enable': of(),
  'knowledge.schedules.set': of(),
  'knowledge.verify.finish': forJob('lifecycle.verify'),
  'limits.rates.clear': of(),
  'limits.rates.set': of(),
  'maintenance.objects.discard': work(),
  'policies.create': of(),
  'policies.lifecycle': of(),
  'policies.simulate': of(),
  'policies.snapshots.create': of(),
  'retrieval.begin': work('retrieval.query'),
  'retrieval.release': of('retrieval.query'),
  'sql_templates.create': of(),
  'sql_templates.retire': of(),
  'tools.approvals.decide': of('tools.call'),
  'tools.calls.request': work('tools.call'),
  'tools.calls.retry': stepOfJob('tools.call'),
  'tools.calls.start': stepOfJob('tools.call'),
  'tools.change': of('tools.registry'),
  'tools.grant': of('tools.registry'),
  'tools.reads.begin': work('tools.call'),
  'tools.reads.release': of('tools.call'),
  'tools.servers.approve_definitions': of('tools.registry'),
  'tools.servers.change': of('tools.registry'),
  'tools.servers.fail_discovery': of('tools.registry'),
  'tools.servers.record_discovery': of('tools.registry'),
  'tools.servers.record_health': of('tools.registry'),
  'tools.servers.register': work('tools.registry'),
  'tools.servers.request_discovery': work('tools.registry'),
  'tools.servers.unregister': of('tools.registry'),
};

/** Actions that commit under a kill: they record, refuse or stop. */
export const exemptActions: readonly string[] = [
  'credentials.delete',
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
  'identity.identities.block',
  'identity.keys.revoke',
  'knowledge.jobs.record_kill',
  'knowledge.schedules.record_run',
  'maintenance.objects.record_discarded',
  'retrieval.fail',
  'tools.calls.close',
  'tools.calls.settle',
  'tools.calls.withdraw',
  'tools.reads.fail',
  'tools.servers.record_stopped_discovery',
];
