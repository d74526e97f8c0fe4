import { sql } from 'kysely';
import type { SwitchScope } from '../../contracts/switches';
import type { Database } from '../transaction/database';

export interface ThrownSwitch {
  readonly scope: SwitchScope;
  /** Empty for the global scope. */
  readonly scopeId: string;
  /** Null where it counts for every tenant. */
  readonly tenantId: string | null;
  readonly reason: string;
  readonly thrownAt: Date;
}

export interface KnownWorkflow {
  readonly workflowId: string;
  readonly tenantId: string;
}

export interface FanOutReads {
  /** The switch while this throw of it is in force; undefined once it was released or thrown again. */
  readThrow(switchId: string, epoch: number): Promise<ThrownSwitch | undefined>;
  /** Workflows with work in the scope, by the rows alone, in the order of their ids. */
  listKnown(thrown: ThrownSwitch, page: { after: string; limit: number }): Promise<readonly KnownWorkflow[]>;
}

/** `db` is of the system role: a switch of the operator reaches every tenant. */
export function createFanOutReads(db: Database): FanOutReads {
  return {
    async readThrow(switchId, epoch) {
      const { rows } = await sql<ThrownSwitch>`
        select scope_type as scope, coalesce(scope_id, '') as "scopeId", tenant_id as "tenantId", reason,
          last_changed as "thrownAt"
        from runtime_switches where switch_id = ${switchId} and epoch = ${epoch} and enabled and kind = 'kill'`.execute(
        db,
      );
      return rows[0];
    },

    async listKnown({ scope, scopeId, tenantId }, { after, limit }) {
      const { rows } = await sql<KnownWorkflow>`
        select distinct "workflowId", "tenantId" from (
          select j.workflow_id as "workflowId", j.tenant_id as "tenantId" from knowledge_jobs j
            where j.status in ('queued', 'running') and ${jobInScope(scope, scopeId)}
          union all
          select c.workflow_id, c.tenant_id from mcp_tool_calls c
            where c.settled_at is null and ${callInScope(scope, scopeId)}
          union all
          select 'server:' || s.tenant_id || ':' || s.server_id, s.tenant_id from mcp_servers s
            where s.deleted_at is null and s.enabled and ${serverInScope(scope, scopeId)}) as known
        where "workflowId" > ${after} and (${tenantId}::text is null or "tenantId" = ${tenantId})
        order by "workflowId" limit ${limit}`.execute(db);
      return rows;
    },
  };
}

function jobInScope(scope: SwitchScope, scopeId: string) {
  switch (scope) {
    case 'global':
    case 'tenant':
      return sql`true`;
    case 'plane':
      return sql`j.plane_id = ${scopeId}`;
    case 'run':
      return sql`j.job_id = ${scopeId}`;
    case 'capability':
      return sql`(${scopeId} = 'job.default' or exists (select from plane_stage_progress s
        where s.job_id = j.job_id and s.status = 'running' and 'lifecycle.' || s.stage = ${scopeId}))`;
    case 'server':
    case 'integration':
      return sql`false`;
  }
}

function callInScope(scope: SwitchScope, scopeId: string) {
  switch (scope) {
    case 'global':
    case 'tenant':
      return sql`true`;
    case 'server':
      return sql`c.server_id = ${scopeId}`;
    case 'run':
      return sql`(c.invocation_id = ${scopeId} or c.run_id = ${scopeId})`;
    case 'capability':
      return sql`${scopeId} = 'tools.call'`;
    case 'plane':
    case 'integration':
      return sql`false`;
  }
}

// As `serverWorkflowId` names them.
function serverInScope(scope: SwitchScope, scopeId: string) {
  switch (scope) {
    case 'global':
    case 'tenant':
      return sql`true`;
    case 'server':
      return sql`s.server_id = ${scopeId}`;
    case 'capability':
      return sql`${scopeId} = 'tools.registry'`;
    case 'plane':
    case 'run':
    case 'integration':
      return sql`false`;
  }
}
