import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
const id = 'kp_0123456789ab';
const watch = (args: string[] = [], setting: { tty?: boolean; columns?: number } = {}) =>
  runCommand(['planes', 'watch', id, ...args], { url: api.url, ...setting });

beforeAll(async () => {
  api = await startFakeApi();
});
afterEach(() => api.reset());
afterAll(() => api.stop());

interface Look {
  readonly state: string;
  readonly value: number;
  readonly job?: string;
  readonly next?: string;
  readonly stages?: readonly Record<string, unknown>[];
}

/** Each poll sees the next look; the last one stays. */
function play(looks: readonly Look[]): void {
  let polls = -1;
  const now = () => looks[Math.min(polls, looks.length - 1)];
  api.on(`GET /lifecycle/${id}/state`, () => {
    polls += 1;
    const look = now();
    return {
      data: {
        state: look?.state,
        value: look?.value,
        active_job_id: look?.job ?? null,
        next_action: look?.next ?? null,
      },
    };
  });
  api.on(`GET /lifecycle/${id}/stages`, () => ({ data: { items: now()?.stages ?? [] } }));
}

const ingest = (status: string, percentage: number) => [{ stage: 'ingest', status, percentage, attempts: 2 }];
const onboarding: readonly Look[] = [
  { state: 'verified', value: 120 },
  { state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 10) },
  { state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 12) },
  { state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 80) },
  { state: 'classified', value: 150, next: 'request_activation', stages: ingest('completed', 100) },
];

test('plain lines, one a change, until the plane rests; a pause between jobs is no rest', async () => {
  play(onboarding);
  const { exitCode, stdout } = await watch();
  expect(exitCode).toBe(0);
  expect(stdout.split('\n')).toEqual([
    `${id}  VERIFIED  nothing started yet`,
    `${id}  INGESTING  ingest running, attempt 2  0%`,
    `${id}  INGESTING  ingest running, attempt 2  75%`,
    `${id}  CLASSIFIED  ingest completed, attempt 2  100%`,
    `${id} is CLASSIFIED`,
    `next: aos planes transition ${id} request-activation --reason "…"`,
    '',
  ]);
});

test('a terminal gets one line that is drawn anew and never wider than it', async () => {
  play(onboarding);
  const { stdout } = await watch([], { tty: true, columns: 60 });
  const [drawn = '', ...rest] = stdout.split('\n');
  const lines = drawn.split('\r\u001b[2K').slice(1);
  expect(lines.length).toBeGreaterThan(4);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  expect(lines[3]).toContain('█');
  expect(rest[0]).toBe(`${id} is CLASSIFIED`);
});

test('--json prints the last look and no progress', async () => {
  play(onboarding);
  const { stdout } = await watch(['--json']);
  expect(JSON.parse(stdout)).toMatchObject({ state: { state: 'classified' }, stages: [{ stage: 'ingest' }] });
});

test('ends at once when the plane is ACTIVE or FAILED', async () => {
  play([{ state: 'active', value: 200 }]);
  expect(await watch()).toMatchObject({ exitCode: 0 });
  play([{ state: 'failed', value: 500 }]);
  expect(await watch()).toMatchObject({ exitCode: 1 });
  expect(await watch(['--until', 'ACTIVE'])).toMatchObject({ exitCode: 1 });
  expect(api.seen).toHaveLength(6);
});

test('a failed job gives exit code 1, its reason and how to retry', async () => {
  const stages = [{ stage: 'verify', status: 'failed', percentage: 0, attempts: 1, error: 'folder is gone' }];
  play([{ state: 'draft', value: 100, next: 'retry_knowledge_plane', stages }]);
  const { exitCode, stdout } = await watch(['--until', 'ACTIVE']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('verify failed: folder is gone');
  expect(stdout).toContain('retry --reason');
});

test('--until takes a state, and a later one on the way counts as reached', async () => {
  play(onboarding);
  expect(await watch(['--until', 'indexed'])).toMatchObject({ exitCode: 0 });
  const early = api.seen.length;
  play(onboarding);
  expect((await watch(['--until', 'ACTIVE', '--timeout', '30'])).exitCode).toBe(5);
  expect(api.seen.length).toBeGreaterThan(early);
  expect((await watch(['--until', 'SOMEWHERE'])).exitCode).toBe(2);
});

test('rides out a short outage, and gives up on a long one', async () => {
  const down = { status: 503, error: { category: 'transient', code: 'service_unavailable', message: 'starting' } };
  let polls = 0;
  api.on(`GET /lifecycle/${id}/state`, () => {
    polls += 1;
    return polls < 5 ? down : { data: { state: 'active', value: 200, active_job_id: null } };
  });
  api.on(`GET /lifecycle/${id}/stages`, { data: { items: [] } });
  expect((await watch()).exitCode).toBe(0);
  api.on(`GET /lifecycle/${id}/state`, down);
  expect((await watch()).exitCode).toBe(5);
});

test('transition --watch follows what it started', async () => {
  api.on(`POST /lifecycle/${id}/transition`, { data: { from_state: 'DRAFT', to_state: 'PENDING_VERIFY' } });
  play([
    { state: 'pending_verify', value: 110, job: 'job_1' },
    { state: 'verified', value: 120, next: 'ingest_knowledge_plane' },
  ]);
  const args = ['planes', 'transition', id, 'verify', '--reason', 'x', '--watch'];
  expect((await runCommand(args, { url: api.url })).stdout).toMatch(/to +PENDING_VERIFY[^]*is VERIFIED/);
  const { stdout } = await runCommand([...args, '--json'], { url: api.url });
  expect(JSON.parse(stdout)).toHaveProperty('state.state', 'verified');
});
