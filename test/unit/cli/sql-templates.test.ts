import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
let cwd: string;
const aos = (...args: string[]) => runCommand(args, { url: api.url, cwd });
const made = (id: string, version: number, status = 'active') => ({
  template_id: id,
  name: 'orders',
  template_version: version,
  status,
  connection_ref: null,
  created_at: '2026-03-01T10:00:00.123Z',
});
const [newest, older, retired] = [
  made('sqlt_000000000002', 2),
  made('sqlt_000000000001', 1),
  made('sqlt_000000000003', 3, 'retired'),
];

beforeAll(async () => {
  api = await startFakeApi();
  cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
  writeFileSync(path.join(cwd, 'orders.sql'), 'select id from orders where year = :year');
  writeFileSync(path.join(cwd, 'orders.json'), JSON.stringify({ sql: 'select 1 as id', columns: { id: 'id' } }));
});
afterEach(() => api.reset());
afterAll(() => api.stop());

test('create sends what the options or the file say', async () => {
  api.on('POST /sql-templates', { status: 201, data: newest });
  const options = [
    '--sql-file',
    'orders.sql',
    '--id',
    'id',
    '--metadata',
    'a',
    '--metadata',
    'b',
    '--param',
    'year:int',
  ];
  const { exitCode, stdout } = await aos('sql-templates', 'create', 'orders', ...options);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('CONNECTION/sqlt_000000000002');
  expect(api.seen[0]?.body).toEqual({
    name: 'orders',
    sql: 'select id from orders where year = :year',
    parameters: { year: { type: 'int' } },
    columns: { id: 'id', metadata: ['a', 'b'] },
  });
  await aos('sql-templates', 'create', 'orders', '--from', 'orders.json', '--json');
  expect(api.seen[1]?.body).toEqual({
    name: 'orders',
    sql: 'select 1 as id',
    columns: { id: 'id' },
  });
});

test.each([
  [['create', 'x'], /query and its id column/],
  [['create', 'x', '--from', 'nothing.json'], /cannot be read/],
  [['create', 'x', '--from', 'orders.sql'], /not JSON/],
  [['create', 'x', '--sql-file', 'orders.sql', '--id', 'id', '--param', 'year'], /name:type/],
])('wrong usage: %j', async (args, message) => {
  const { exitCode, stderr } = await aos('sql-templates', ...args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
  expect(api.seen).toEqual([]);
});

test('a name stands for its newest active version, in show, retire and planes register', async () => {
  api.on('GET /sql-templates', { data: { items: [retired, newest, older] } });
  api.on('GET /sql-templates/sqlt_000000000002', { data: newest });
  api.on('DELETE /sql-templates/sqlt_000000000002', { data: { retired: true } });
  api.on('POST /planes', { status: 201, data: { plane_id: 'kp_0123456789ab', name: 'p' } });
  expect((await aos('sql-templates', 'list')).stdout).toMatch(/sqlt_000000000003 +orders +3 +retired/);
  expect((await aos('sql-templates', 'show', 'orders')).exitCode).toBe(0);
  expect((await aos('sql-templates', 'retire', 'orders')).stdout).toContain('sqlt_000000000002) is retired');
  const source = ['--source', 'sql:orders:crm/orders', '--param', 'year=2026', '--param', 'state=open=now'];
  expect((await aos('planes', 'register', 'p', ...source)).exitCode).toBe(0);
  expect((api.seen.at(-1)?.body as { sources: unknown }).sources).toEqual([
    {
      source_type: 'sql',
      name: 'orders',
      config: { connection_ref: 'crm', template_id: 'sqlt_000000000002', params: { year: 2026, state: 'open=now' } },
    },
  ]);
  expect((await aos('sql-templates', 'retire', 'nothing')).exitCode).toBe(3);
  expect((await aos('planes', 'register', 'p', '--source', 'sql:orders:crm')).exitCode).toBe(2);
});
