import { isWorthRecording, looked } from '../../../operations/tools/servers/health';

const at = (status: string, failures: number) => ({ status, health_check_failures: failures });
const minutesAgo = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') - minutes * 60_000);
const now = minutesAgo(0);

test.each([
  ['active', 0, false, 'degraded', 1],
  ['degraded', 1, false, 'degraded', 2],
  ['degraded', 2, false, 'offline', 3],
  ['offline', 3, false, 'offline', 3],
  ['offline', 3, true, 'active', 0],
  ['pending', 0, true, 'pending', 0],
  ['pending', 0, false, 'error', 1],
  ['error', 1, true, 'error', 0],
  ['suspended', 0, false, 'suspended', 1],
] as const)('a server that is %s after %i failures, answering: %s', (status, failures, healthy, after, counted) => {
  expect(looked(at(status, failures), { healthy })).toEqual({ status: after, failures: counted });
});

test.each([
  ['nothing changes', 'active', 0, 1, true, false],
  ['nothing has changed for five minutes', 'active', 0, 5, true, true],
  ['it fails', 'active', 0, 1, false, true],
  ['it fails once more, short of offline', 'degraded', 1, 1, false, true],
  ['it is offline and stays so', 'offline', 3, 1, false, false],
  ['it answers again', 'offline', 3, 1, true, true],
] as const)('where %s', (_case, status, failures, minutes, healthy, isWorth) => {
  const server = { ...at(status, failures), last_health_check_at: minutesAgo(minutes) };
  expect(isWorthRecording(server, { healthy }, now)).toBe(isWorth);
});

test('the first look is written down', () => {
  expect(isWorthRecording({ ...at('pending', 0), last_health_check_at: null }, { healthy: true }, now)).toBe(true);
});
