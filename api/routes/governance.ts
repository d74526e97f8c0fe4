import type { z } from 'zod';
import { TimeKey } from '../../contracts/api/common';
import {
  BootStatus,
  GovernanceState,
  KillSwitchBody,
  ModeBody,
  ModeChangeView,
  PausePath,
  PauseQuery,
  PauseView,
  ResumeBody,
  ResumedView,
  SwitchChangeView,
  SwitchPath,
  SwitchReport,
  SwitchView,
  SwitchesQuery,
} from '../../contracts/api/governance';
import { refusal } from '../../contracts/errors';
import { listPauses, readSwitchReport } from '../../prisma/reads/pauses';
import { listSwitches, readGovernance } from '../../prisma/reads/switches';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toGovernanceState, toPauseView, toSwitchReport, toSwitchView } from '../views/governance';

const tag = 'Governance';
const mayThrow = ['switch:tenant', 'switch:global'] as const;
const throwErrors = ['resource_not_found', 'unsupported_operation', 'conflict'] as const;

export function governanceRoutes({ dispatch, prisma, health, startedAt }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/governance/kill-switch',
        operationId: 'governance.kill_switch',
        summary: 'Throw or release a switch; after the answer to a throw nothing in its scope commits',
        tag,
        permission: mayThrow,
        successStatus: 200,
        body: KillSwitchBody,
        examples: {
          'stop one plane at once': {
            enabled: true,
            scope: 'plane',
            scope_id: 'kp_0123456789ab',
            reason: 'wrong folder',
          },
          'stop the whole tenant at once': { enabled: true, reason: 'suspicious questions' },
          'hold the tenant at the next step, for an hour at most': {
            enabled: true,
            kind: 'pause',
            sla_seconds: 3600,
            on_timeout: 'TERMINATE',
            reason: 'somebody is looking',
          },
          'no new work of the tenant': { enabled: true, kind: 'degraded', reason: 'maintenance at noon' },
          'let the tenant go on': { enabled: false, reason: 'checked' },
        },
        data: SwitchChangeView,
        errors: throwErrors,
      },
      async ({ context, body, idempotencyKey }) => {
        const params = toSwitchParams(body);
        const change = await dispatch(context, 'governance.switches.change', { params, idempotencyKey });
        return {
          success: true as const,
          previous_mode: change.previousMode,
          current_mode: change.currentMode,
          timestamp: change.changedAt ?? new Date().toISOString(),
          actor: context.actor.id,
          reason: body.reason,
          scope: change.scope,
          scope_id: idOrNull(change.scopeId),
          kind: change.kind,
          switch_id: change.switchId,
          epoch: change.epoch,
          enabled: change.enabled,
        };
      },
    ),
    route(
      {
        method: 'post',
        path: '/governance/mode',
        operationId: 'governance.mode',
        summary: 'Set the mode of a scope: KILL and DEGRADED are its switches, NORMAL is both released',
        tag,
        permission: mayThrow,
        successStatus: 200,
        body: ModeBody,
        examples: {
          'no new work': { mode: 'DEGRADED', reason: 'maintenance at noon' },
          'go on': { mode: 'NORMAL', reason: 'maintenance is over' },
        },
        data: ModeChangeView,
        errors: throwErrors,
      },
      async ({ context, body, idempotencyKey }) => {
        const { scope_id: scopeId, tenant_id: tenantId, ...rest } = body;
        const params = { ...rest, scopeId, tenantId };
        const change = await dispatch(context, 'governance.mode.change', { params, idempotencyKey });
        return {
          success: true as const,
          previous_mode: change.previousMode,
          current_mode: change.currentMode,
          timestamp: change.changedAt,
          actor: context.actor.id,
          reason: body.reason,
          scope: change.scope,
          scope_id: idOrNull(change.scopeId),
          switch_id: change.switchId,
          epoch: change.epoch,
        };
      },
    ),
    route(
      {
        method: 'get',
        path: '/governance/state',
        operationId: 'governance.state',
        summary: 'The mode that applies to the caller, and the switches in reach',
        tag,
        permission: 'read:switches',
        successStatus: 200,
        data: GovernanceState,
      },
      async ({ context }) => toGovernanceState(await readGovernance(prisma, context.tenantId)),
    ),
    listRoute(
      {
        path: '/governance/switches',
        operationId: 'governance.switches',
        summary: 'Every switch in reach, newest first; `executions=exclude` without those that kills left behind',
        tag,
        permission: 'read:switches',
        query: SwitchesQuery,
        item: SwitchView,
        key: TimeKey,
      },
      async ({ context, query, page }) => {
        const request = { ...page, withExecutions: query.executions === 'include' };
        return mapPage(await listSwitches(prisma, context.tenantId, request), toSwitchView);
      },
    ),
    route(
      {
        method: 'get',
        path: '/governance/switches/{switch_id}/report',
        operationId: 'governance.switch_report',
        summary: 'How the last throw of a switch reached the work in its scope',
        tag,
        permission: 'read:switches',
        successStatus: 200,
        params: SwitchPath,
        data: SwitchReport,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await readSwitchReport(prisma, context.tenantId, params.switch_id);
        if (found === undefined) throw refusal('NOT_FOUND', 'there is no such switch in your reach');
        return toSwitchReport(found);
      },
    ),
    listRoute(
      {
        path: '/governance/pauses',
        operationId: 'governance.pauses',
        summary: 'Runs that wait, or waited, at a pause switch, newest first',
        tag,
        permission: 'read:switches',
        query: PauseQuery,
        item: PauseView,
        key: TimeKey,
      },
      async ({ context, page, query }) =>
        mapPage(await listPauses(prisma, context.tenantId, { status: query.status, page }), toPauseView),
    ),
    route(
      {
        method: 'post',
        path: '/governance/pauses/{pause_id}/resume',
        operationId: 'governance.resume_pause',
        summary: 'Let one run go on while its pause switch stays on for the others',
        tag,
        permission: 'write:runs',
        successStatus: 200,
        params: PausePath,
        body: ResumeBody,
        examples: { 'one that was looked at': { reason: 'looked at, may go on' } },
        data: ResumedView,
        errors: ['resource_not_found', 'invalid_state'],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const resumed = await dispatch(context, 'governance.pauses.resume', {
          params: { pauseId: params.pause_id, reason: body.reason },
          idempotencyKey,
        });
        return { pause_id: resumed.pauseId, run_id: resumed.runId, plane_id: resumed.planeId };
      },
    ),
    route(
      {
        method: 'get',
        path: '/governance/boot-status',
        operationId: 'governance.boot_status',
        summary: 'Whether the installation is healthy, by component',
        tag,
        permission: ['read:switches', 'read:planes'],
        successStatus: 200,
        data: BootStatus,
      },
      async () => {
        const { ready, components } = await health.bootStatus();
        return {
          healthy: ready,
          components,
          boot_time: startedAt.toISOString(),
          uptime_seconds: Math.max(0, Math.floor((Date.now() - startedAt.getTime()) / 1000)),
        };
      },
    ),
  ];
}

function idOrNull(scopeId: string): string | null {
  return scopeId === '' ? null : scopeId;
}

function toSwitchParams(body: z.output<typeof KillSwitchBody>) {
  const { scope_id: scopeId, tenant_id: tenantId, sla_seconds: slaSeconds, on_timeout: onTimeout, ...rest } = body;
  const pause = slaSeconds === undefined && onTimeout === undefined ? undefined : { slaSeconds, onTimeout };
  return { ...rest, scopeId, tenantId, pause };
}
