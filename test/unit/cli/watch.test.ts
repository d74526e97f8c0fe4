import { startFakeApi, type FakeApi, type Reply } from './fake-api';
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

let places = 0;
const nextId = () => `${(places += 1)}-0`;

function progress({ state, value, job, next, stages = [] }: Look) {
  const data = {
    overall_percentage: 40,
    estimated_completion: job === undefined ? null : '2026-03-01T10:00:00.000Z',
    stages,
    state: { state, value, active_job_id: job ?? null, next_action: next ?? null },
  };
  return { id: nextId(), event: 'job.progress.updated', data };
}

function transition(from: string, to: string) {
  return {
    id: nextId(),
    event: 'lifecycle',
    data: { event_type: 'LIFECYCLE_TRANSITION', from_state: from, to_state: to, reason: null, error_message: null },
  };
}

type Event = Readonly<Record<string, unknown>>;

/** Each connection tells the next of these, and then ends; the last one is told again. */
function play(...connections: readonly (readonly Event[] | Reply)[]): void {
  let connection = 0;
  api.on(`GET /lifecycle/${id}/events`, () => {
    const told = connections[Math.min(connection, connections.length - 1)] ?? [];
    connection += 1;
    return Array.isArray(told) ? { events: told as Event[] } : (told as Reply);
  });
}

const ingest = (status: string, percentage: number) => [{ stage: 'ingest', status, percentage, attempts: 2 }];
const begun = progress({ state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 10) });
const onboarding: readonly Event[] = [
  transition('VERIFIED', 'INGESTING'),
  begun,
  progress({ state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 12) }),
  progress({ state: 'ingesting', value: 130, job: 'job_1', stages: ingest('running', 80) }),
  progress({ state: 'classified', value: 150, next: 'request_activation', stages: ingest('completed', 100) }),
];

test('plain lines, one a change, until the plane rests', async () => {
  play(onboarding);
  const { exitCode, stdout } = await watch();
  expect(exitCode).toBe(0);
  expect(stdout.split('\n')).toEqual([
    `${id}  LIFECYCLE_TRANSITION  VERIFIED → INGESTING`,
    `${id}  INGESTING  ingest running, attempt 2  0%`,
    `${id}  INGESTING  ingest running, attempt 2  75%`,
    `${id}  CLASSIFIED  ingest completed, attempt 2  100%`,
    `${id} is CLASSIFIED`,
    `next: aos planes transition ${id} request-activation --reason "…"`,
    '',
  ]);
});

test('a terminal gets a bar for each stage and one for the whole, with what happened above them', async () => {
  play(onboarding);
  const { stdout, exitCode } = await watch([], { tty: true });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('LIFECYCLE_TRANSITION  VERIFIED → INGESTING');
  expect(stdout).toMatch(/ingest {4} .*█+░* 80%.*running, attempt 2/);
  expect(stdout).toMatch(/all {7} .*█+░+ 40%.*INGESTING, done about 10:00:00Z/);
  expect(stdout.indexOf(`${id} is CLASSIFIED`)).toBeGreaterThan(stdout.lastIndexOf('ingest'));
});

test('--json prints a line of JSON for each event and nothing else', async () => {
  play(onboarding);
  const { stdout } = await watch(['--json']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(onboarding);
});

test('a connection that ends is opened again behind the last event', async () => {
  play(onboarding.slice(0, 2), [], onboarding.slice(2));
  const { exitCode, stdout } = await watch();
  expect({ exitCode, lines: stdout.split('\n').length }).toEqual({ exitCode: 0, lines: 7 });
  expect(api.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, begun.id, begun.id]);
});

test('ends at once when the plane is ACTIVE or FAILED', async () => {
  play([progress({ state: 'active', value: 200 })]);
  expect(await watch()).toMatchObject({ exitCode: 0 });
  play([progress({ state: 'failed', value: 500 })]);
  expect(await watch()).toMatchObject({ exitCode: 1 });
  expect(await watch(['--until', 'ACTIVE'])).toMatchObject({ exitCode: 1 });
  expect(api.seen).toHaveLength(3);
});

test('a failed job gives exit code 1, its reason and how to retry', async () => {
  const stages = [{ stage: 'verify', status: 'failed', percentage: 0, attempts: 1, error: 'folder is gone' }];
  play([progress({ state: 'draft', value: 100, next: 'retry_knowledge_plane', stages })]);
  const { exitCode, stdout } = await watch(['--until', 'ACTIVE']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('verify failed: folder is gone');
  expect(stdout).toContain('retry --reason');
});

test('--until takes a state, a later one counts as reached, and --timeout ends the wait', async () => {
  play(onboarding);
  expect(await watch(['--until', 'verified'])).toMatchObject({ exitCode: 0 });
  play([begun, progress({ state: 'classified', value: 150 })], []);
  api.on(`GET /lifecycle/${id}/events`, { events: [begun] });
  const late = await watch(['--until', 'ACTIVE', '--timeout', '1']);
  expect(late).toMatchObject({ exitCode: 5 });
  expect(late.stderr).toContain('has not reached ACTIVE within 1 s');
  expect((await watch(['--until', 'SOMEWHERE'])).exitCode).toBe(2);
});

test('rides out an outage, gives up on a long one, and at once on a refusal', async () => {
  const down = { status: 503, error: { category: 'transient', code: 'service_unavailable', message: 'starting' } };
  play(down, down, down, [progress({ state: 'active', value: 200 })]);
  expect((await watch()).exitCode).toBe(0);
  play(down);
  expect((await watch()).exitCode).toBe(5);
  play([]);
  expect((await watch()).exitCode).toBe(5);
  play([begun, { event: 'end', data: { code: 'authentication_failed', message: 'the key is revoked' } }]);
  expect(await watch()).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('the key is revoked') as string });
  const before = api.seen.length;
  play({ status: 404, error: { category: 'permanent', code: 'resource_not_found', message: 'no such plane' } });
  expect((await watch()).exitCode).toBe(3);
  expect(api.seen).toHaveLength(before + 1);
});

test('transition --watch follows what it started', async () => {
  api.on(`POST /lifecycle/${id}/transition`, { data: { from_state: 'DRAFT', to_state: 'PENDING_VERIFY' } });
  const events = [
    progress({ state: 'pending_verify', value: 110, job: 'job_1' }),
    progress({ state: 'verified', value: 120, next: 'ingest_knowledge_plane' }),
  ];
  play(events);
  const args = ['planes', 'transition', id, 'verify', '--reason', 'x', '--watch'];
  expect((await runCommand(args, { url: api.url })).stdout).toMatch(/to +PENDING_VERIFY[^]*is VERIFIED/);
  const { stdout } = await runCommand([...args, '--json'], { url: api.url });
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toHaveProperty('data.state.state', 'verified');
});
