import { createEgress, mayBeNamed } from '../../../activities/adapters/egress';
import { createHttpReader } from '../../../activities/adapters/source-reader/http';
import { createTestReader, quick, textOf } from '../../support/http-reader';
import { redirecting, saying, startWebServer, type WebServer } from '../../support/web-server';

let web: WebServer;
let port: string;

beforeEach(async () => {
  web = await startWebServer();
  port = web.host.split(':')[1] ?? '';
  web.answer('/secret', 'inside');
});
afterEach(() => web.close());

const loopback = [
  '127.0.0.1',
  '127.0.0.1.',
  'localhost',
  'LOCALHOST',
  '127.1',
  '127.0.1',
  '2130706433',
  '017700000001',
  '0177.0.0.1',
  '0x7f000001',
  '0x7f.0.0.1',
  '0x7f.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  '%31%32%37.0.0.1',
  '0.0.0.0',
  '0',
  '[::]',
];
const others = [
  '169.254.169.254',
  '[::ffff:169.254.169.254]',
  '0xa9fea9fe',
  '[fd00:ec2::254]',
  '100.64.0.1',
  '100.100.100.200',
  '10.0.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[fe80::1]',
  '[fc00::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[4000::1]',
];

it.each([...loopback, ...others])('never reaches %s', async (host) => {
  const http = createTestReader([]);
  expect(await http.ask(`http://${host}:${port}/secret`)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  expect(mayBeNamed(`http://${host}:${port}/secret`, [])).toBe(false);
  expect(web.asked).toEqual([]);
  await http.close();
});

it.each([...loopback, ...others])('is not redirected to %s', async (host) => {
  const inside = await startWebServer();
  inside.answer('/secret', 'inside');
  const target = `http://${encodeURI(host).replaceAll('%25', '%').replaceAll('%5B', '[').replaceAll('%5D', ']')}:${inside.host.split(':')[1]}/secret`;
  web.answer('/page', redirecting(target, 307));
  const http = createTestReader([web.host]);
  expect(await http.ask(`${web.origin}/page`)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  expect(inside.asked).toEqual([]);
  await http.close();
  await inside.close();
});

it('is not redirected into what an operator has opened for those who name it', async () => {
  const inside = await startWebServer();
  inside.answer('/secret', 'inside');
  web.answer('/page', redirecting(`${inside.origin}/secret`));
  web.answer('/robots.txt', redirecting(`${inside.origin}/robots.txt`));
  const http = createTestReader([web.host, inside.host]);
  expect(await http.ask(`${web.origin}/page`)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  web.answer('/robots.txt', '');
  expect(await http.ask(`${web.origin}/page`)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  expect(inside.asked).toEqual([]);
  expect(await textOf(await http.ask(`${inside.origin}/secret`))).toBe('inside');
  await http.close();
  await inside.close();
});

/** Asks through the guard with a resolver of the test's own. */
async function askWith(
  { allowed = [], lookup }: { allowed?: readonly string[]; lookup(hostname: string): Promise<readonly string[]> },
  url: string,
) {
  const dispatchers = [createEgress({ allowed, lookup }), createEgress({ allowed: [], lookup })] as const;
  const [dispatcher, publicDispatcher] = dispatchers;
  const unused = () => Promise.reject(new Error('unused'));
  const objects = { put: unused, get: unused };
  const reader = createHttpReader({ dispatcher, publicDispatcher, objects, timing: quick });
  const source = { tenantId: 'acme', planeId: 'p', sourceId: 's', config: { urls: [url] } };
  const { signal } = new AbortController();
  const { items } = await reader.readPage(source, { cursor: null, itemsMax: 1, signal });
  const answer = await items[0]?.ask?.(undefined);
  await Promise.all(dispatchers.map((each) => each.destroy()));
  return answer;
}

it.each([
  ['127.0.0.1'],
  ['::1'],
  ['::ffff:10.0.0.1'],
  ['::7f00:1'],
  ['169.254.169.254'],
  ['100.64.0.1'],
  ['fd00::1'],
  ['fe80::1%eth0'],
  ['not an address'],
])('does not follow a name that resolves to %s', async (address) => {
  const answer = await askWith({ lookup: async () => [address] }, `http://innocent.example:${port}/secret`);
  expect(answer).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  expect(web.asked).toEqual([]);
});

it('checks a name at each connection, and connects to what it checked', async () => {
  const lookups: string[] = [];
  const lookup = async (hostname: string) => {
    lookups.push(hostname);
    return lookups.length === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
  };
  web.answer('/robots.txt', saying('', { connection: 'close' }));
  const answer = await askWith({ allowed: [web.host], lookup }, `http://rebound.example:${port}/secret`);
  expect(answer).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  expect(lookups).toEqual(['rebound.example', 'rebound.example']);
  expect(web.pathsAsked()).toEqual(['/robots.txt']);
});

it('tries the next address of a name, and none that is not public', async () => {
  const lookup = async () => ['10.0.0.1', '127.0.0.1'];
  const answer = await askWith({ allowed: [web.host], lookup }, `http://mixed.example:${port}/secret`);
  expect(answer).toMatchObject({ answer: 'content' });
});

it('says that a name that does not resolve could not be reached this time', async () => {
  const lookup = () => Promise.reject(new Error('NXDOMAIN'));
  expect(await askWith({ lookup }, 'http://nobody.example/')).toMatchObject({ answer: 'unavailable' });
});

it.each([22, 25, 53, 445, 6000, 6667])('asks no public address at port %d', (other) => {
  expect(mayBeNamed(`http://1.1.1.1:${other}/`, [])).toBe(false);
  expect(mayBeNamed(`http://1.1.1.1:${other}/`, [`1.1.1.1:${other}`])).toBe(true);
});

it.each(['http://1.1.1.1/', 'https://example.com/', 'https://example.com:8443/a', 'http://[2606:4700::1]/'])(
  'lets %s be named',
  (url) => expect(mayBeNamed(url, [])).toBe(true),
);

it('reads what an operator has opened', async () => {
  const http = createTestReader([web.host]);
  web.answer('/robots.txt', saying('', {}, 404));
  expect(await textOf(await http.ask(`${web.origin}/secret`))).toBe('inside');
  await http.close();
});
