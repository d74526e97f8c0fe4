import { ask, textsOf } from '../support/active-plane';
import { activate, aPolicyFor, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';
import { saying, startWebServer, type WebServer } from '../support/web-server';

let stack: TestStack;
let web: WebServer;
beforeAll(async () => {
  web = await startWebServer();
  stack = await startTestStack({ egressAllow: [web.host] });
});
afterAll(async () => {
  await stack?.stop();
  await web.close();
});

interface Document {
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly read_error: string | null;
}

async function documentOf(planeId: string, name: string): Promise<Document | undefined> {
  const { body } = await stack.api().get(`/planes/${planeId}/documents`);
  return (body.data.items as Document[]).find((each) => each.name === name);
}

/** A changed upload makes a job that reads every source of the plane anew. */
async function sync(planeId: string): Promise<void> {
  const { body } = await stack.api().upload(planeId, { 'note.md': `note ${web.asked.length}` });
  await until(async () => {
    const { rows } = await stack.owner.query('select status from knowledge_jobs where job_id = $1', [body.data.job_id]);
    if (rows[0]?.status === 'failed') throw new Error(JSON.stringify(rows));
    return rows[0]?.status === 'completed';
  });
}

function tagged(text: string, etag: string): Parameters<WebServer['answer']>[1] {
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag, 'content-type': 'text/plain' }).end(text);
  };
}

test('web pages become a plane, are read again when they change, and are kept when they cannot be', async () => {
  const api = stack.api();
  const url = (path: string) => `${web.origin}${path}`;
  web.answer('/herons', tagged('Herons nest in tall poplars.', '"1"'));
  web.answer('/otters', tagged('Otters sleep in holts by the river.', '"1"'));
  web.answer('/storks', tagged('Storks winter south of the desert.', '"1"'));
  const { status, body } = await api.post('/planes', {
    name: 'wildlife',
    onboard: true,
    sources: [
      { source_type: 'http', name: 'pages', config: { urls: ['/herons', '/otters', '/storks'].map(url) } },
      { source_type: 'upload', name: 'notes', config: {} },
    ],
  });
  expect(status).toBe(201);
  const planeId = body.data.plane_id as string;
  await waitForState(api, planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(api, planeId);
  await activate(api, planeId);
  expect(await textsOf(api, planeId, 'where do herons nest')).toContain('Herons nest in tall poplars.');
  const otters = await documentOf(planeId, url('/otters'));

  web.answer('/herons', tagged('Herons nest in reeds since the storm.', '"2"'));
  web.answer('/otters', saying('', {}, 500));
  web.answer('/storks', saying('', {}, 410));
  await sync(planeId);
  expect(web.asked.findLast(({ path }) => path === '/herons')?.headers['if-none-match']).toBe('"1"');
  const texts = await textsOf(api, planeId, 'where do herons nest, otters sleep and storks winter');
  expect(texts).toContain('Herons nest in reeds since the storm.');
  expect(texts).toContain('Otters sleep in holts by the river.');
  expect(texts.join()).not.toMatch(/poplars|Storks/);
  expect(await documentOf(planeId, url('/otters'))).toMatchObject({
    status: 'indexed',
    version: otters?.version,
    read_error: expect.stringContaining('500'),
  });
  const plane = await api.get(`/planes/${planeId}`);
  expect(plane.body.data.sources[0].last_error).toContain('1 documents could not be read');

  web.answer('/otters', tagged('Otters sleep in holts by the river.', '"1"'));
  await sync(planeId);
  expect(await documentOf(planeId, url('/otters'))).toMatchObject({ version: otters?.version, read_error: null });
  const { rows } = await stack.owner.query(`select etag from knowledge_documents where name = $1`, [url('/herons')]);
  expect(rows).toEqual([{ etag: '"2"' }]);
  expect((await ask(api, planeId, 'otters')).status).toBe(200);
});

test('a source that cannot be verified leads back to DRAFT with the word of its stage', async () => {
  const api = stack.api();
  const sources = [{ source_type: 'http', name: 'pages', config: { sitemap_url: `${web.origin}/no-sitemap.xml` } }];
  const { body } = await api.post('/planes', { name: 'unverified', onboard: true, sources });
  const planeId = body.data.plane_id as string;
  await waitForState(api, planeId, 'DRAFT');
  const state = await api.get(`/lifecycle/${planeId}/state`);
  expect(state.body.data.last_job).toMatchObject({ status: 'failed', error_code: 'VERIFICATION_FAILED' });
});

const refused = [
  { urls: ['http://127.0.0.1:1/'] },
  { urls: ['http://[::ffff:7f00:1]/'] },
  { urls: ['http://2130706433/'] },
  { urls: ['http://169.254.169.254/latest/meta-data'] },
  { urls: ['http://localhost/'] },
  { urls: ['https://example.com:25/'] },
  { urls: ['https://user:secret@example.com/'] },
  { urls: ['ftp://example.com/'] },
  { urls: ['file:///etc/passwd'] },
  { urls: ['/relative'] },
  { urls: [] },
  { urls: Array.from({ length: 1_001 }, (_, n) => `https://example.com/${n}`) },
  { urls: [`https://example.com/${'x'.repeat(1_024)}`] },
  { urls: ['https://example.com/'], sitemap_url: 'https://example.com/sitemap.xml' },
  { sitemap_url: 'http://10.0.0.1/sitemap.xml' },
  { sitemap_url: 'https://example.com/sitemap.xml', headers: { authorization: 'x' } },
  {},
];

test('what cannot be read is refused at registration', async () => {
  for (const config of refused) {
    const sources = [{ source_type: 'http', name: 'pages', config }];
    const { status, body } = await stack.api().post('/planes', { name: 'refused', sources });
    expect({ config, status, reason: body.error?.reason }).toEqual({ config, status: 400, reason: 'validation_error' });
  }
});

test('a kill switch ends the reading of a page that never ends', async () => {
  const api = stack.api();
  web.answer('/endless', (request, response) => {
    // Verified as a page, then without end.
    if (web.pathsAsked().filter((path) => path === '/endless').length === 1) return void response.end('once');
    response.writeHead(200).write('and so on');
    const timer = setInterval(() => response.write(' and on'), 50);
    response.on('close', () => clearInterval(timer));
  });
  const sources = [{ source_type: 'http', name: 'pages', config: { urls: [`${web.origin}/endless`] } }];
  const { body } = await api.post('/planes', { name: 'endless', onboard: true, sources });
  const planeId = body.data.plane_id as string;
  await until(() => web.pathsAsked().filter((path) => path === '/endless').length === 2);
  const kill = { enabled: true, scope: 'plane', scope_id: planeId, reason: 'drill' };
  expect((await api.post('/governance/kill-switch', kill)).status).toBe(200);
  await waitForState(api, planeId, 'INGESTING');
  const state = await api.get(`/lifecycle/${planeId}/state`);
  expect(state.body.data.last_job).toMatchObject({ status: 'killed' });
});
