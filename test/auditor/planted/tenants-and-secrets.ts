import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { succeeded, withHistory, withLines } from './edits';
import { secret } from '../audited-run';
import type { Planted } from './planted';

/** What lies with the wrong tenant (I6), and secrets in clear (I7). */
export const tenantsAndSecrets: readonly Planted[] = [
  {
    finds: 'I6 row-of-another-tenant',
    plant: ({ foreign }) => [`update knowledge_documents set tenant_id = '${foreign}'`],
    ids: ({ tenantId, foreign }) => ({ table: 'knowledge_documents', tenant_id: foreign, belongs_to: tenantId }),
  },
  {
    finds: 'I6 row-of-another-tenant',
    plant: ({ tenantId, foreign }) => [
      `insert into credentials (credential_id, tenant_id, name, type, created_by)
        select 'cred_' || n, '${tenantId}', 'planted ' || n, 'api_key', 'planted' from generate_series(1, 2) n`,
      `insert into credential_access_log (tenant_id, credential_id, accessor_id, accessor_type, action, success)
        values ('${foreign}', 'cred_1', 'planted', 'machine', 'get', true),
          ('${foreign}', 'cred_2', 'planted', 'machine', 'get', false)`,
    ],
    ids: ({ tenantId, foreign }) => ({ credential_id: 'cred_1', tenant_id: foreign, belongs_to: tenantId }),
  },
  {
    finds: 'I6 answer-names-row-of-another',
    edit: (run) => {
      const line = succeeded(run, '/policies');
      return withLines({ ...line, call: { ...line.call, tenantId: run.foreign } });
    },
    ids: ({ policyId, tenantId, foreign }) => ({ tenant_id: foreign, policy_id: policyId, belongs_to: tenantId }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: () => [`update knowledge_planes set description = 'with ${secret} in it'`],
    ids: () => ({ table: 'knowledge_planes', column: 'description' }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: ({ policyId }) => [`update audit_events set payload_bytes = '${secret}' where resource_id = '${policyId}'`],
    ids: () => ({ table: 'audit_events', column: 'payload_bytes' }),
  },
  {
    finds: 'I7 secret-in-table',
    plant: ({ stack }) => [`update knowledge_planes set status_reason = '${stack.keys.tenants[0]?.admin_key}'`],
    ids: () => ({ column: 'status_reason', which: 'a key of AOS' }),
  },
  {
    finds: 'I7 secret-in-history',
    edit: () =>
      withHistory((text) =>
        text.replace(/("metadata":\{[^}]*\},"data":")[^"]+/, `$1${Buffer.from(`"${secret}"`).toString('base64')}`),
      ),
  },
  {
    finds: 'I7 secret-in-log',
    edit:
      ({ folder }) =>
      (material) => {
        const file = path.join(folder, 'api.log');
        writeFileSync(file, `{"msg":"${secret}"}\n`);
        return { ...material, logFiles: [file] };
      },
  },
  {
    finds: 'I6 answer-names-another-tenant',
    edit: (run) => {
      const line = succeeded(run, '/policies');
      return withLines({ ...line, answer: { ...line.answer, ids: { tenant_id: run.foreign } } });
    },
    ids: ({ tenantId, foreign }) => ({ tenant_id: tenantId, names: foreign }),
  },
];
