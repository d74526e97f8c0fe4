import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
const aos = (...args: string[]) => runCommand(args, { url: api.url });
const handbook = {
  plane_id: 'kp_0123456789ab',
  name: 'handbook',
  state: 'draft',
  created_at: '2026-03-01T10:00:00.123Z',
};

beforeAll(async () => {
  api = await startFakeApi();
});
afterEach(() => api.reset());
afterAll(() => api.stop());

describe('planes list', () => {
  test('shows a table', async () => {
    api.on('GET /planes', { data: { items: [handbook] } });
    const { exitCode, stdout, stderr } = await aos('planes', 'list');
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    const [head, row] = stdout.split('\n');
    expect(head).toMatch(/^plane +name +state/);
    expect(row).toMatch(/^kp_0123456789ab +handbook +draft .*2026-03-01 10:00:00Z/);
    expect(api.seen[0]?.headers.authorization).toBe('Bearer test-key');
  });

  test('prints the data alone with --json, before and after the command', async () => {
    api.on('GET /planes', { data: { items: [handbook] } });
    for (const args of [
      ['planes', 'list', '--json'],
      ['--json', 'planes', 'list'],
    ]) {
      const { stdout, stderr } = await aos(...args);
      expect(JSON.parse(stdout)).toEqual({ items: [handbook] });
      expect(stderr).toBe('');
    }
  });

  test('follows the cursor up to the limit, and says when there is more', async () => {
    api.on('GET /planes', ({ query }) => {
      const start = Number(query.get('cursor') ?? 0);
      const size = Math.min(Number(query.get('limit')), 2);
      const items = [0, 1, 2, 3, 4].slice(start, start + size).map((n) => ({ ...handbook, name: `p${n}` }));
      const next = start + size;
      return { data: { items }, meta: { next_cursor: next < 5 ? String(next) : null, has_more: next < 5 } };
    });
    const all = await aos('planes', 'list', '--json');
    expect((JSON.parse(all.stdout) as { items: unknown[] }).items).toHaveLength(5);
    api.seen.length = 0;
    const three = await aos('planes', 'list', '--limit', '3');
    expect(three.stdout).toContain('p2');
    expect(three.stdout).not.toContain('p3');
    expect(three.stderr).toContain('3 planes shown, there are more');
    expect(api.seen.map(({ query }) => [query.get('limit'), query.get('cursor')])).toEqual([
      ['3', null],
      ['1', '2'],
    ]);
  });

  test('keeps control characters of names away from the terminal', async () => {
    api.on('GET /planes', { data: { items: [{ ...handbook, name: 'a\u001b[31mred\u202e' }] } });
    const { stdout } = await aos('planes', 'list');
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    expect(stdout).toContain('red');
  });

  test('says that there are none', async () => {
    api.on('GET /planes', { data: { items: [] } });
    expect((await aos('planes', 'list')).stdout).toBe('no planes\n');
  });
});

describe('planes are found by name or id', () => {
  beforeEach(() => {
    api.on('GET /planes', { data: { items: [handbook, { ...handbook, plane_id: 'kp_ffffffffffff', name: 'other' }] } });
    api.on('GET /planes/kp_0123456789ab', { data: { ...handbook, bound_policies: ['p1', 'p2'] } });
    api.on('GET /lifecycle/kp_0123456789ab/state', {
      data: { state: 'draft', next_action: 'verify_knowledge_plane' },
    });
  });

  test('a name is looked up; show says which command comes next', async () => {
    const { stdout } = await aos('planes', 'show', 'handbook');
    expect(stdout).toMatch(/bound_policies +p1, p2/);
    expect(stdout).toContain('aos planes transition handbook verify --reason');
  });

  test('an id costs no lookup', async () => {
    await aos('planes', 'show', 'kp_0123456789ab');
    expect(api.seen.map((request) => request.path)).not.toContain('/planes');
  });

  test('an unknown name is a refusal, a doubled one wrong usage', async () => {
    const unknown = await aos('planes', 'show', 'nothing');
    expect(unknown).toMatchObject({ exitCode: 3, stdout: '' });
    expect(unknown.stderr).toContain('no plane nothing');
    api.on('GET /planes', { data: { items: [handbook, { ...handbook, plane_id: 'kp_ffffffffffff' }] } });
    const doubled = await aos('planes', 'show', 'handbook');
    expect(doubled.exitCode).toBe(2);
    expect(doubled.stderr).toContain('kp_0123456789ab, kp_ffffffffffff');
  });
});

describe('planes register', () => {
  test('sends sources of each kind, and an idempotency key', async () => {
    api.on('POST /planes', { status: 201, data: handbook });
    const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
    mkdirSync(path.join(cwd, 'docs'));
    const result = await runCommand(
      [
        'planes',
        'register',
        'handbook',
        '--file',
        'docs',
        '--source',
        'file:far:on/the:server',
        '--upload',
        '--onboard',
      ].concat(['--type', 'public', '--tolerance', '0.05', '--include', '*.md', '--idempotency-key', 'key-1']),
      { url: api.url, cwd },
    );
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toContain('aos planes upload handbook');
    const [request] = api.seen;
    expect(request?.headers['idempotency-key']).toBe('key-1');
    expect(request?.body).toEqual({
      name: 'handbook',
      plane_type: 'public',
      unreadable_tolerance: 0.05,
      onboard: true,
      sources: [
        { source_type: 'file', name: 'far', config: { path: 'on/the:server', include: ['*.md'] } },
        { source_type: 'file', name: 'docs', config: { path: path.join(cwd, 'docs'), include: ['*.md'] } },
        { source_type: 'upload', name: 'upload', config: {} },
      ],
    });
  });

  test('takes web pages, sitemaps and named http sources', async () => {
    api.on('POST /planes', { status: 201, data: handbook });
    const addresses = [
      '--url',
      'https://a.example/1',
      '--url',
      'https://a.example/2',
      '--sitemap',
      'https://b.example/s',
    ];
    const named = [
      '--source',
      'http:news:https://c.example/sitemap.xml',
      '--source',
      'http:page:https://d.example/x:y',
    ];
    expect(await aos('planes', 'register', 'handbook', ...addresses, ...named)).toMatchObject({ exitCode: 0 });
    expect((api.seen[0]?.body as { sources: unknown }).sources).toEqual([
      { source_type: 'http', name: 'news', config: { sitemap_url: 'https://c.example/sitemap.xml' } },
      { source_type: 'http', name: 'page', config: { urls: ['https://d.example/x:y'] } },
      { source_type: 'http', name: 'pages', config: { urls: ['https://a.example/1', 'https://a.example/2'] } },
      { source_type: 'http', name: 'b.example', config: { sitemap_url: 'https://b.example/s' } },
    ]);
  });

  test.each([
    [['planes', 'register', 'x', '--sitemap', 'nothing'], 'is no address'],
    [['planes', 'register', 'x', '--source', 'http:pages'], 'lacks the address'],
    [['planes', 'register', 'x'], 'needs a source'],
    [['planes', 'register', 'x', '--source', 'file'], 'not of the form'],
    [['planes', 'register', 'x', '--upload', '--tolerance', '2'], '0 to 1'],
    [['planes', 'register', 'x', '--upload', '--source', 'upload:upload'], 'two sources are named upload'],
    [['planes', 'register'], 'missing required argument'],
    [['planes', 'regster', 'x'], 'unknown command'],
    [['planes', 'list', '--limit', 'many'], 'whole number'],
  ])('%j is wrong usage and sends nothing', async (args, sentence) => {
    const { exitCode, stdout, stderr } = await aos(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(api.seen).toEqual([]);
  });
});

describe('planes upload', () => {
  function folder(): string {
    const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
    mkdirSync(path.join(cwd, 'docs/people'), { recursive: true });
    writeFileSync(path.join(cwd, 'docs/a.md'), '# A');
    writeFileSync(path.join(cwd, 'docs/people/ünï.txt'), 'text');
    writeFileSync(path.join(cwd, 'docs/.hidden'), 'no');
    return cwd;
  }

  test('sends the files of a folder by their path in it, the source first', async () => {
    api.on('POST /planes/kp_0123456789ab/documents', { status: 202, data: { accepted: [{}, {}], rejected: [] } });
    const args = ['planes', 'upload', 'kp_0123456789ab', 'docs', '--source', 'src_1'];
    const { exitCode, stdout } = await runCommand(args, { url: api.url, cwd: folder() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '2 files accepted, 0 rejected\n' });
    const text = api.seen[0]?.text ?? '';
    expect(text).toContain('filename="a.md"');
    expect(text).toContain('filename="people/ünï.txt"');
    expect(text).not.toContain('.hidden');
    expect(text.indexOf('src_1')).toBeLessThan(text.indexOf('a.md'));
    expect(api.seen[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('tells what was rejected, with the exit code of a refusal', async () => {
    api.on('POST /planes/kp_0123456789ab/documents', {
      status: 202,
      data: { accepted: [{}], rejected: [{ name: 'a.md', reason: 'bad name' }] },
    });
    const args = ['planes', 'upload', 'kp_0123456789ab', 'docs'];
    const { exitCode, stdout } = await runCommand(args, { url: api.url, cwd: folder() });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/a\.md +bad name/);
  });

  test('many files go in several requests with keys of their own', async () => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
    for (let n = 0; n < 45; n += 1) writeFileSync(path.join(cwd, `f${n}.txt`), 'x');
    api.on('POST /planes/kp_0123456789ab/documents', { status: 202, data: { accepted: [], rejected: [] } });
    await runCommand(['planes', 'upload', 'kp_0123456789ab', '.', '--idempotency-key', 'k'], { url: api.url, cwd });
    expect(api.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k-2', 'k-3']);
    const names = api.seen.flatMap(({ text }) => [...text.matchAll(/filename="([^"]+)"/g)].map(([, name]) => name));
    expect(new Set(names).size).toBe(45);
  });

  test('a file that is not there, or two of one name, send nothing', async () => {
    const cwd = folder();
    const missing = await runCommand(['planes', 'upload', 'kp_0123456789ab', 'gone'], { url: api.url, cwd });
    const twice = await runCommand(['planes', 'upload', 'kp_0123456789ab', 'docs', 'docs/a.md'], { url: api.url, cwd });
    expect([missing.exitCode, twice.exitCode, api.seen.length]).toEqual([2, 2, 0]);
    expect(twice.stderr).toContain('two files are named a.md');
  });
});

describe('the rest of planes', () => {
  const id = 'kp_0123456789ab';

  test('short words become actions', async () => {
    api.on(`POST /lifecycle/${id}/transition`, {
      data: { from_state: 'DRAFT', to_state: 'PENDING_VERIFY', job_id: 'job_1', audit_event_id: 'evt_1' },
    });
    for (const word of ['verify', 'request-activation', 'fail_knowledge_plane']) {
      expect(await aos('planes', 'transition', id, word, '--reason', 'because')).toMatchObject({ exitCode: 0 });
    }
    expect(api.seen.map(({ body }) => body)).toEqual([
      { action: 'verify_knowledge_plane', reason: 'because' },
      { action: 'request_activation', reason: 'because' },
      { action: 'fail_knowledge_plane', reason: 'because' },
    ]);
    const unknown = await aos('planes', 'transition', id, 'constructor', '--reason', 'x');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('request-activation');
    expect((await aos('planes', 'transition', id, 'verify')).stderr).toContain('--reason');
  });

  test('bind and unbind resolve both names', async () => {
    api.on('GET /planes', { data: { items: [handbook] } });
    api.on('GET /policies', { data: { items: [{ policy_id: 'pol_1', name: 'readers' }] } });
    api.on(`POST /planes/${id}/bind-policy`, { data: { audit_event_id: 'evt_1' } });
    api.on(`POST /planes/${id}/unbind-policy`, { data: { audit_event_id: 'evt_2' } });
    expect((await aos('planes', 'bind', 'handbook', 'readers')).stdout).toContain('readers bound to handbook');
    expect((await aos('planes', 'unbind', 'handbook', 'pol_1')).stdout).toContain('evt_2');
    expect(api.seen.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
      { policy_id: 'pol_1' },
      { policy_id: 'pol_1' },
    ]);
  });

  test('documents, findings, history and deletion', async () => {
    const document = {
      document_id: 'doc_1',
      name: 'a.pdf',
      status: 'dead_letter',
      dead_letter: { reason: 'unknown format' },
    };
    api.on(`GET /planes/${id}/documents`, { data: { items: [document] } });
    api.on(`GET /planes/${id}/findings`, { data: { items: [{ kind: 'email', document_id: 'doc_1', score: 0.9 }] } });
    api.on(`GET /lifecycle/${id}/audit`, { data: { items: [{ event_type: 'LIFECYCLE_TRANSITION', reason: 'why' }] } });
    api.on(`DELETE /planes/${id}/documents/doc_1`, { status: 202, data: { document_id: 'doc_1' } });
    expect((await aos('planes', 'documents', id, '--status', 'dead_letter')).stdout).toMatch(/a\.pdf.*unknown format/);
    expect(api.seen.at(-1)?.query.get('status')).toBe('dead_letter');
    expect((await aos('planes', 'findings', id)).stdout).toMatch(/email +doc_1/);
    expect((await aos('planes', 'history', id)).stdout).toContain('LIFECYCLE_TRANSITION');
    expect((await aos('planes', 'delete-document', id, 'doc_1')).exitCode).toBe(0);
    expect(api.seen.at(-1)?.headers['idempotency-key']).toBeDefined();
  });
});
