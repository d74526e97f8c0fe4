import { deleteCredential } from './credentials/delete';
import { recordAccess } from './credentials/record-access';
import { rotateCredential } from './credentials/rotate';
import { storeCredential } from './credentials/store';
import { beginExport, completeExport, failExport } from './evidence/exports';
import { changeEnforcement } from './governance/change-enforcement';
import { endFanOut, recordFanOut } from './governance/fan-out';
import { expirePause, openPause, resumePause, resumeReleased, warnPause } from './governance/pauses';
import { changeMode, changeSwitch } from './governance/switches';
import { resolveEffect } from './governance/resolve-effect';
import { recordKill } from './governance/record-kill';
import { refuseMessage } from './governance/refuse-message';
import { blockIdentity, unblockIdentity } from './identity/block-identity';
import { createTenant } from './identity/create-tenant';
import { createKey, revokeKey } from './identity/keys';
import { acceptDocuments, deleteDocument } from './knowledge/accept-documents';
import { beginJob } from './knowledge/begin-job';
import { beginStage } from './knowledge/begin-stage';
import { bindPolicy, unbindPolicy } from './knowledge/bind-policy';
import { finishClassify, recordClassified } from './knowledge/classify';
import { completeJob } from './knowledge/complete-job';
import { failJob, recordKilledJob } from './knowledge/fail-job';
import { finishVerify } from './knowledge/finish-verify';
import { beginIndexRun, commitIndexRun, recordIndexed } from './knowledge/index-run';
import { finishIngest, recordPage } from './knowledge/ingest';
import { openEndpoint } from './knowledge/open-endpoint';
import { reclassifyPlane } from './knowledge/reclassify-plane';
import { registerPlane } from './knowledge/register-plane';
import { deleteSchedule, enableSchedule } from './knowledge/schedules/change-schedule';
import { beginScheduledRun, recordScheduledRun } from './knowledge/schedules/run-schedule';
import { setSchedule } from './knowledge/schedules/set-schedule';
import { transitionPlane } from './knowledge/transition-plane';
import { clearRateLimit, setRateLimit } from './limits/set-rate-limit';
import { discardObjects, recordDiscarded } from './maintenance/discard-objects';
import { sweepEffect } from './maintenance/sweep-effect';
import { changePolicyState, createPolicy } from './policies/policies';
import { simulatePolicy } from './policies/simulate';
import { createSnapshot } from './policies/snapshot';
import { registerTemplate } from './sql-templates/register-template';
import { retireTemplate } from './sql-templates/retire-template';
import { decideApproval } from './tools/approvals/decide-approval';
import { closeCall } from './tools/calls/close-call';
import { requestCall } from './tools/calls/request-call';
import { retryCall } from './tools/calls/retry-call';
import { settleCall } from './tools/calls/settle-call';
import { startCall } from './tools/calls/start-call';
import { withdrawCall } from './tools/calls/withdraw-call';
import { beginRead } from './tools/reads/begin-read';
import { failRead } from './tools/reads/fail-read';
import { releaseRead } from './tools/reads/release-read';
import { approveDefinitions } from './tools/servers/approve-definitions';
import { changeServer } from './tools/servers/change-server';
import { changeTool } from './tools/servers/change-tool';
import { failDiscovery, recordStoppedDiscovery } from './tools/servers/fail-discovery';
import { grantTool } from './tools/servers/grant-tool';
import { recordDiscovery } from './tools/servers/record-discovery';
import { recordHealth } from './tools/servers/record-health';
import { registerServer } from './tools/servers/register-server';
import { requestDiscovery } from './tools/servers/request-discovery';
import { unregisterServer } from './tools/servers/unregister-server';
import type { Dispatch as DispatchOf } from './registry';
import { beginRetrieval } from './retrieval/begin';
import { failRetrieval, releaseRetrieval } from './retrieval/release';

/** Every operation there is. A new capability adds a line here and its own files. */
export const catalogue = {
  'credentials.delete': deleteCredential,
  'credentials.record_access': recordAccess,
  'credentials.rotate': rotateCredential,
  'credentials.store': storeCredential,
  'evidence.exports.begin': beginExport,
  'evidence.exports.complete': completeExport,
  'evidence.exports.fail': failExport,
  'governance.effects.resolve': resolveEffect,
  'governance.effects.sweep': sweepEffect,
  'governance.enforcement.change': changeEnforcement,
  'governance.fan_out.end': endFanOut,
  'governance.fan_out.record': recordFanOut,
  'governance.kills.record': recordKill,
  'governance.messages.refuse': refuseMessage,
  'governance.mode.change': changeMode,
  'governance.pauses.expire': expirePause,
  'governance.pauses.open': openPause,
  'governance.pauses.resume': resumePause,
  'governance.pauses.resume_released': resumeReleased,
  'governance.pauses.warn': warnPause,
  'governance.switches.change': changeSwitch,
  'identity.identities.block': blockIdentity,
  'identity.identities.unblock': unblockIdentity,
  'identity.keys.create': createKey,
  'identity.keys.revoke': revokeKey,
  'identity.tenants.create': createTenant,
  'knowledge.activate.open_endpoint': openEndpoint,
  'knowledge.classify.finish': finishClassify,
  'knowledge.classify.record_batch': recordClassified,
  'knowledge.documents.accept': acceptDocuments,
  'knowledge.documents.delete': deleteDocument,
  'knowledge.index.begin_run': beginIndexRun,
  'knowledge.index.commit_run': commitIndexRun,
  'knowledge.index.record_batch': recordIndexed,
  'knowledge.ingest.finish': finishIngest,
  'knowledge.ingest.record_page': recordPage,
  'knowledge.jobs.begin': beginJob,
  'knowledge.jobs.begin_stage': beginStage,
  'knowledge.jobs.complete': completeJob,
  'knowledge.jobs.fail': failJob,
  'knowledge.jobs.record_kill': recordKilledJob,
  'knowledge.planes.bind_policy': bindPolicy,
  'knowledge.planes.reclassify': reclassifyPlane,
  'knowledge.planes.register': registerPlane,
  'knowledge.planes.transition': transitionPlane,
  'knowledge.planes.unbind_policy': unbindPolicy,
  'knowledge.schedules.begin_run': beginScheduledRun,
  'knowledge.schedules.delete': deleteSchedule,
  'knowledge.schedules.enable': enableSchedule,
  'knowledge.schedules.record_run': recordScheduledRun,
  'knowledge.schedules.set': setSchedule,
  'knowledge.verify.finish': finishVerify,
  'limits.rates.clear': clearRateLimit,
  'limits.rates.set': setRateLimit,
  'maintenance.objects.discard': discardObjects,
  'maintenance.objects.record_discarded': recordDiscarded,
  'policies.create': createPolicy,
  'policies.lifecycle': changePolicyState,
  'policies.simulate': simulatePolicy,
  'policies.snapshots.create': createSnapshot,
  'retrieval.begin': beginRetrieval,
  'retrieval.fail': failRetrieval,
  'retrieval.release': releaseRetrieval,
  'sql_templates.create': registerTemplate,
  'sql_templates.retire': retireTemplate,
  'tools.approvals.decide': decideApproval,
  'tools.calls.close': closeCall,
  'tools.calls.request': requestCall,
  'tools.calls.retry': retryCall,
  'tools.calls.settle': settleCall,
  'tools.calls.start': startCall,
  'tools.calls.withdraw': withdrawCall,
  'tools.change': changeTool,
  'tools.grant': grantTool,
  'tools.reads.begin': beginRead,
  'tools.reads.fail': failRead,
  'tools.reads.release': releaseRead,
  'tools.servers.approve_definitions': approveDefinitions,
  'tools.servers.change': changeServer,
  'tools.servers.fail_discovery': failDiscovery,
  'tools.servers.record_discovery': recordDiscovery,
  'tools.servers.record_health': recordHealth,
  'tools.servers.record_stopped_discovery': recordStoppedDiscovery,
  'tools.servers.register': registerServer,
  'tools.servers.request_discovery': requestDiscovery,
  'tools.servers.unregister': unregisterServer,
} as const;

export type Catalogue = typeof catalogue;
export type Dispatch = DispatchOf<Catalogue>;
