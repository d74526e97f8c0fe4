import { gzipSync } from 'node:zlib';
import { createTestReader, type TestReader } from '../../support/http-reader';
import { saying, startWebServer, type WebServer } from '../../support/web-server';

let web: WebServer;
let http: TestReader;

beforeEach(async () => {
  web = await startWebServer();
  http = createTestReader([web.host]);
});
afterEach(async () => {
  await http.close();
  await web.close();
});

const namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';
const pages = (...locations: string[]) =>
  `<?xml version="1.0"?><urlset ${namespace}>${locations.map((each) => `<url><loc>${each}</loc></url>`).join('')}</urlset>`;
const index = (...locations: string[]) =>
  `<sitemapindex ${namespace}>${locations.map((each) => `<sitemap><loc>${each}</loc></sitemap>`).join('')}</sitemapindex>`;
const config = () => ({ sitemap_url: `${web.origin}/sitemap.xml` });
const names = async (itemsMax?: number) => (await http.items(config(), itemsMax)).map(({ name }) => name);

it.each([1, 2, 100])(
  'lists each page once, in order, in pages of %d, from one reading of the sitemap',
  async (itemsMax) => {
    const { origin } = web;
    web.answer(
      '/sitemap.xml',
      pages(`${origin}/b`, ` ${origin}/a?x=1&amp;y=2\n`, `<![CDATA[${origin}/c]]>`, `${origin}/b`),
    );
    expect(await names(itemsMax)).toEqual([`${origin}/b`, `${origin}/a?x=1&y=2`, `${origin}/c`]);
    expect(web.pathsAsked()).toEqual(['/robots.txt', '/sitemap.xml']);
  },
);

it('leaves the locations of extensions alone', async () => {
  const image = '<image:image><image:loc>http://x.example/i.png</image:loc></image:image>';
  web.answer('/sitemap.xml', `<s:urlset xmlns:s="x"><s:url>${image}<s:loc>${web.origin}/a</s:loc></s:url></s:urlset>`);
  expect(await names()).toEqual([`${web.origin}/a`]);
});

it('reads an index of sitemaps, also those that are gzip files', async () => {
  web.answer('/sitemap.xml', index(`${web.origin}/one.xml`, `${web.origin}/two.xml.gz`));
  web.answer('/one.xml', pages(`${web.origin}/a`));
  web.answer('/two.xml.gz', (_request, response) => response.end(gzipSync(pages(`${web.origin}/b`))));
  expect(await names()).toEqual([`${web.origin}/a`, `${web.origin}/b`]);
});

it('shows what it will not read: other sites, credentials, no addresses, too long ones', async () => {
  const long = `${web.origin}/${'l'.repeat(1_500)}`;
  const odd = ['https://other.example/', `http://user:pw@${web.host}/`, 'nonsense', long];
  web.answer('/sitemap.xml', pages(...odd));
  const items = await http.items(config());
  expect(items).toHaveLength(odd.length);
  expect(items.map(({ name }) => name)).toContain(`http://***@${web.host}/`);
  expect(JSON.stringify(items)).not.toContain('pw@');
  for (const item of items) {
    expect(item.name.length).toBeLessThanOrEqual(1024);
    expect(await item.ask?.(undefined)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  }
  expect(web.pathsAsked()).toEqual(['/robots.txt', '/sitemap.xml']);
});

const loops = [
  ['an index that names itself', () => index(`${web.origin}/sitemap.xml`)],
  ['a sitemap of another site', () => index('https://other.example/sitemap.xml')],
  ['an index of a thousand and one', () => index(...Array.from({ length: 1_001 }, (_, n) => `${web.origin}/${n}`))],
  [
    'more locations than the protocol allows',
    () => pages(...Array.from({ length: 50_001 }, (_, n) => `${web.origin}/${n}`)),
  ],
  ['a location without end', () => pages(`${web.origin}/${'l'.repeat(3_000)}`)],
  ['XML that is cut off', () => pages(`${web.origin}/a`).slice(0, -20)],
  ['a page', () => '<!doctype html><html><body>hello</body></html>'],
  ['nothing', () => ''],
  ['entities that expand', () => `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${pages('&b;')}`],
  ['nesting without end', () => `<urlset>${'<url>'.repeat(100_000)}`],
  ['attributes without end', () => `<urlset ${Array.from({ length: 1_000 }, (_, n) => `a${n}="x"`).join(' ')}/>`],
] as const;

it.each(loops)('refuses %s', async (_what, text) => {
  web.answer('/sitemap.xml', text());
  await expect(names()).rejects.toMatchObject({ code: 'invalid_state', reason: 'HTTP_INGESTION_ERROR' });
  await expect(http.check(config())).rejects.toMatchObject({ reason: 'VERIFICATION_FAILED' });
});

it('refuses a gzip bomb, one inside a gzip encoding, and bytes that are not UTF-8', async () => {
  const bomb = gzipSync(Buffer.alloc(60 * 1024 * 1024, ' '), { level: 1 });
  const refused = { reason: 'HTTP_INGESTION_ERROR' };
  web.answer('/sitemap.xml', (_request, response) => response.end(bomb));
  await expect(names()).rejects.toMatchObject(refused);
  const twice = gzipSync(bomb);
  web.answer('/sitemap.xml', (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(twice),
  );
  await expect(names()).rejects.toMatchObject(refused);
  web.answer('/sitemap.xml', (_request, response) => response.end(Buffer.from([0x3c, 0xff, 0xfe])));
  await expect(names()).rejects.toMatchObject(refused);
});

it('lets the stage be tried again when the sitemap could not be had this time, and fails it when it is gone', async () => {
  web.answer('/sitemap.xml', saying('', {}, 503));
  await expect(names()).rejects.toMatchObject({ code: 'network_error', reason: 'HTTP_INGESTION_ERROR' });
  web.answer('/sitemap.xml', saying('', {}, 404));
  await expect(names()).rejects.toMatchObject({ code: 'invalid_state', reason: 'HTTP_INGESTION_ERROR' });
});

it('verifies a source by a real answer', async () => {
  web.answer('/page', 'text');
  web.answer('/sitemap.xml', pages(`${web.origin}/page`));
  await http.check(config());
  web.answer('/later', 'text');
  await http.check({ urls: [`${web.origin}/page`, `${web.origin}/later`] });
  const failed = { code: 'invalid_state', reason: 'VERIFICATION_FAILED' };
  await expect(http.check({ urls: [`${web.origin}/missing`] })).rejects.toMatchObject(failed);
  // Every address is asked, and one that fails is named.
  const urls = ['page', 'missing', 'absent'].map((name) => `${web.origin}/${name}`);
  await expect(http.check({ urls })).rejects.toThrow(
    `${urls[1]} cannot be read: the server answered 404 (and 1 more of 3`,
  );
  await expect(http.check({ urls: ['http://10.0.0.1/'] })).rejects.toMatchObject(failed);
  await expect(http.check({ paths: [] })).rejects.toMatchObject(failed);
  web.answer('/sitemap.xml', pages());
  await expect(http.check(config())).rejects.toMatchObject(failed);
  web.answer('/sitemap.xml', pages('https://other.example/'));
  await expect(http.check(config())).rejects.toMatchObject(failed);
});
