import { createRunningWork, type Running } from '../../../activities/running-work';
import type { SwitchNotice } from '../../../contracts/switches';

const notice = (changes: Partial<SwitchNotice> = {}): SwitchNotice => ({
  ...{ switchId: 'sw_1', kind: 'kill', scopeType: 'plane', scopeId: 'kp_1', owner: 'tenant' },
  ...{ enabled: true, epoch: 2, tenantId: 'ten_a' },
  ...changes,
});

function start(seen: Running['seen'], tenantId = 'ten_a') {
  const running = createRunningWork();
  const stopped: unknown[] = [];
  const scopes = [{ type: 'plane', id: 'kp_1' } as const];
  const work: Running = { tenantId, scopes, seen, isOvertaken: false, stop: (reason) => stopped.push(reason) };
  const leave = running.add(work);
  return { running, work, stopped, leave };
}

test.each([
  ['a throw since its start', { sw_1: 1 }, {}, 1],
  ['a throw of a switch that it never saw', {}, { epoch: 1 }, 1],
  ['a throw that is off again', { sw_1: 1 }, { enabled: false }, 1],
  ['a late word of the throw that was over at its start', { sw_1: 2 }, {}, 0],
  ['a switch of another tenant', {}, { tenantId: 'ten_b' }, 0],
  ['a switch that belongs to nobody', {}, { tenantId: null }, 1],
  ['another scope', {}, { scopeId: 'kp_2' }, 0],
  ['a pause', {}, { kind: 'pause' as const }, 0],
])('work hears of %s', (_what, seen, changes, times) => {
  const { running, stopped } = start(seen);
  running.apply([notice(changes)]);
  expect(stopped).toHaveLength(times);
});

test('work that has not read its switches yet is told to read them once more', () => {
  const { running, work, stopped } = start(undefined);
  running.apply([notice()]);
  expect(stopped).toEqual([]);
  expect(work.isOvertaken).toBe(true);
});

test('work that has left hears nothing', () => {
  const { running, stopped, leave } = start({});
  leave();
  running.apply([notice()]);
  expect([stopped, running.count()]).toEqual([[], 0]);
});
