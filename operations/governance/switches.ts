import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import {
  governanceModes,
  pauseSlaSecondsDefault,
  pauseTimeouts,
  switchKinds,
  switchScopes,
  type SwitchKind,
} from '../../contracts/switches';
import { text } from '../../contracts/text';
import { defineOperation } from '../define';
import { readMode } from './mode';
import { beginFanOut } from './fan-out';
import { setSwitch, type PauseTerms, type SwitchChange } from './set-switch';
import { resolveTarget } from './switch-target';

const scopeParams = {
  scope: z.enum(switchScopes),
  scopeId: text(128).optional(),
  tenantId: text(64).optional(),
  reason: text(1000),
};

const PauseFields = z.strictObject({
  slaSeconds: z.int().min(60).max(604_800).optional(),
  onTimeout: z.enum(pauseTimeouts).optional(),
});

/** Throws or releases one switch. The answer to a throw comes after its barrier: nothing in the scope commits behind it. */
export const changeSwitch = defineOperation({
  name: 'governance.switches.change',
  permission: ['switch:tenant', 'switch:global'],
  params: z
    .strictObject({
      ...scopeParams,
      enabled: z.boolean(),
      kind: z.enum(switchKinds),
      pause: PauseFields.optional(),
    })
    .refine(({ kind, enabled, pause }) => pause === undefined || (kind === 'pause' && enabled), {
      message: 'sla_seconds and on_timeout belong to the throw of a pause',
      path: ['pause'],
    }),
  fence: 'throwing-and-releasing-switches',
  loadFacts: (work, target) => resolveTarget(work, target),

  async handle(work, { params: { enabled, reason, kind, pause }, facts: target }) {
    const previousMode = await readMode(work, target);
    const change = await setSwitch(work, target, { enabled, reason, pause: termsOf(kind, pause) });
    if (enabled && kind === 'kill') await beginFanOut(work, change);
    if (!enabled && change.switchId === '') throw refusal('NOT_FOUND', 'there is no such switch of yours to release');
    return { ...change, previousMode, currentMode: await readMode(work, target) };
  },
  barriers: ({ enabled, scope, scopeId, tenantId }) => (enabled ? [{ type: scope, id: scopeId, tenantId }] : []),
});

function termsOf(kind: SwitchKind, pause: z.output<typeof PauseFields> = {}): PauseTerms | undefined {
  const { slaSeconds = pauseSlaSecondsDefault, onTimeout = 'TERMINATE' } = pause;
  return kind === 'pause' ? { slaSeconds, onTimeout } : undefined;
}

const modeSwitches: Readonly<Record<(typeof governanceModes)[number], Readonly<Record<'kill' | 'degraded', boolean>>>> =
  {
    NORMAL: { kill: false, degraded: false },
    DEGRADED: { kill: false, degraded: true },
    KILL: { kill: true, degraded: false },
  };

/** Sets the mode of a scope: KILL and DEGRADED are its switches, NORMAL is both released. */
export const changeMode = defineOperation({
  name: 'governance.mode.change',
  permission: ['switch:tenant', 'switch:global'],
  params: z.strictObject({ ...scopeParams, mode: z.enum(governanceModes) }),
  fence: 'throwing-and-releasing-switches',

  async loadFacts(work, { scope, scopeId, tenantId }) {
    const kill = await resolveTarget(work, { kind: 'kill', scope, scopeId, tenantId });
    return { kill, degraded: { ...kill, kind: 'degraded' as const } };
  },

  async handle(work, { params: { mode, reason }, facts }) {
    const previousMode = await readMode(work, facts.kill);
    const wanted = modeSwitches[mode];
    // The stricter switch first, so that no moment between the two is laxer than both ends.
    const order: readonly SwitchKind[] = wanted.kill ? ['kill', 'degraded'] : ['degraded', 'kill'];
    let standsOn: SwitchChange | undefined;
    for (const kind of order as readonly ('kill' | 'degraded')[]) {
      const change = await setSwitch(work, facts[kind], { enabled: wanted[kind], reason });
      if (change.enabled) standsOn = change;
      if (change.enabled && kind === 'kill') await beginFanOut(work, change);
    }
    work.audit({
      type: 'GovernanceModeChanged',
      outcome: 'success',
      evidence: { from: previousMode, to: mode, scope: facts.kill.scope, scope_id: facts.kill.scopeId, reason },
    });
    return {
      previousMode,
      currentMode: await readMode(work, facts.kill),
      scope: facts.kill.scope,
      scopeId: facts.kill.scopeId,
      tenantId: facts.kill.tenantId,
      engaged: mode !== 'NORMAL',
      switchId: standsOn?.switchId ?? null,
      epoch: standsOn?.epoch ?? null,
      changedAt: new Date().toISOString(),
    };
  },
  barriers: ({ engaged, scope, scopeId, tenantId }) => (engaged ? [{ type: scope, id: scopeId, tenantId }] : []),
});
