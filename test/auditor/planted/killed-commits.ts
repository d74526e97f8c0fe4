import { asKind, copyOf, inScope, unreleased } from './edits';
import type { Planted } from './planted';

/** What was done while a kill was on (I3). */
export const killedCommits: readonly Planted[] = [
  {
    finds: 'I3 committed-under-kill',
    plant: ({ planeId }) => [
      copyOf(`action = 'knowledge.jobs.complete' and plane_id = '${planeId}'`, { event_id: `'evt_late'` }),
    ],
    edit: () => unreleased,
    ids: ({ killId }) => ({ switch_id: killId, event_id: 'evt_late' }),
  },
  {
    finds: 'I3 committed-under-kill',
    plant: ({ planeId }) => [
      copyOf(`action = 'knowledge.jobs.complete' and plane_id = '${planeId}'`, {
        event_id: `'evt_server'`,
        action: `'tools.servers.change'`,
        evidence: `'{"server_id": "mcp_0123456789ab"}'::jsonb`,
      }),
    ],
    edit: () => (material) => inScope({ scope_type: 'server', scope_id: 'mcp_0123456789ab' })(unreleased(material)),
    ids: ({ killId }) => ({ switch_id: killId, event_id: 'evt_server' }),
  },
  {
    finds: 'I3 intent-opened-under-kill',
    plant: ({ foreign }) => [
      `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
        values ('late', '${foreign}', 'retrieval:late', 'release', 'a', now() + interval '1 hour', 'h')`,
    ],
    edit: () => unreleased,
    ids: ({ foreign }) => ({ intent_id: 'late', tenant_id: foreign }),
  },
  {
    finds: 'I3 killed-job-went-on',
    plant: ({ planeId }) => [
      copyOf(`action = 'knowledge.jobs.complete' and plane_id = '${planeId}'`, { event_id: `'evt_on'` }),
    ],
    ids: ({ killId }) => ({ switch_id: killId, event_id: 'evt_on' }),
  },
  {
    finds: 'I3 begun-under-switch',
    plant: ({ planeId }) => [
      copyOf(`action = 'knowledge.jobs.begin_stage' and plane_id = '${planeId}'`, { event_id: `'evt_begun'` }),
    ],
    edit: () => (material) => asKind('stop')(unreleased(material)),
    ids: ({ killId }) => ({ kind: 'stop', switch_id: killId, event_id: 'evt_begun' }),
  },
  {
    finds: 'I3 begun-under-switch',
    plant: ({ planeId }) => [
      copyOf(`action = 'knowledge.jobs.begin_stage' and plane_id = '${planeId}'`, { event_id: `'evt_begun'` }),
    ],
    edit: () => (material) => asKind('pause')(unreleased(material)),
    ids: ({ killId }) => ({ kind: 'pause', switch_id: killId, event_id: 'evt_begun' }),
  },
  {
    finds: 'I3 intent-opened-under-switch',
    plant: ({ foreign }) => [
      `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
        values ('late', '${foreign}', 'retrieval:late', 'release', 'a', now() + interval '1 hour', 'h')`,
    ],
    edit: () => (material) => asKind('degraded')(unreleased(material)),
    ids: ({ foreign }) => ({ kind: 'degraded', intent_id: 'late', tenant_id: foreign }),
  },
];
