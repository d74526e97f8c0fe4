import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { createTestReader, textOf, type TestReader } from '../../support/http-reader';
import { redirecting, saying, startRawServer, startWebServer, type WebServer } from '../../support/web-server';

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

it('reads a page with its type and validators, and names itself', async () => {
  const headers = { 'content-type': 'text/html; charset=windows-1251', etag: 'W/"a"', 'last-modified': 'yesterday' };
  web.answer('/page', (_request, response) => response.writeHead(200, headers).end(Buffer.from([0xcf, 0xf0])));
  const answer = await http.ask(`${web.origin}/page#part`);
  expect(answer).toMatchObject({
    answer: 'content',
    contentType: 'text/html; charset=windows-1251',
    validators: { etag: 'W/"a"', lastModified: 'yesterday' },
  });
  expect(await textOf(answer)).toBe(Buffer.from([0xcf, 0xf0]).toString());
  expect(web.pathsAsked()).toEqual(['/robots.txt', '/page']);
  expect(web.asked[1]?.headers['user-agent']).toMatch(/^AOS\//);
});

it('asks conditionally, and knows an unchanged version from a new one', async () => {
  web.answer('/page', (request, response) => {
    const isSame = request.headers['if-none-match'] === '"1"';
    if (isSame) response.writeHead(304).end();
    else response.writeHead(200, { etag: '"2"' }).end('new');
  });
  const url = `${web.origin}/page`;
  expect(await http.ask(url, { etag: '"1"', lastModified: 'then' })).toEqual({ answer: 'unchanged' });
  expect(web.asked.at(-1)?.headers['if-modified-since']).toBe('then');
  expect(await http.ask(url, { etag: '"0"', lastModified: null })).toMatchObject({
    answer: 'content',
    validators: { etag: '"2"', lastModified: null },
  });
  expect(web.asked.at(-1)?.headers['if-modified-since']).toBeUndefined();
});

it('does not remember a validator that cannot be kept or sent back', async () => {
  web.answer('/page', saying('x', { etag: `"${'e'.repeat(600)}"`, 'last-modified': 'caf\u00e9' }));
  expect(await http.ask(`${web.origin}/page`)).toMatchObject({ validators: { etag: null, lastModified: null } });
});

it.each([
  [404, { answer: 'gone' }],
  [410, { answer: 'gone' }],
  [401, { answer: 'refused', code: 'refused' }],
  [403, { answer: 'refused', code: 'refused' }],
  [451, { answer: 'refused', code: 'refused' }],
  [408, { answer: 'unavailable' }],
  [429, { answer: 'unavailable' }],
  [500, { answer: 'unavailable' }],
  [503, { answer: 'unavailable' }],
  [304, { answer: 'refused', code: 'malformed' }],
  [206, { answer: 'refused', code: 'malformed' }],
  [204, { answer: 'refused', code: 'empty' }],
])('takes the status %d for what it is', async (status, expected) => {
  web.answer('/page', saying('', {}, status));
  expect(await http.ask(`${web.origin}/page`)).toMatchObject(expected);
});

it.each([
  ['gzip', gzipSync('text')],
  ['br', brotliCompressSync('text')],
  ['x-gzip', gzipSync('text')],
  ['identity', Buffer.from('text')],
])('decompresses %s', async (encoding, body) => {
  web.answer('/page', (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));
  expect(await textOf(await http.ask(`${web.origin}/page`))).toBe('text');
});

const bomb = Buffer.alloc(16 * 1024 * 1024);
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

it.each([
  ['a gzip bomb', 'gzip', () => gzipSync(bomb), 'too_large'],
  ['a brotli bomb', 'br', () => brotliCompressSync(bomb, quickly), 'too_large'],
  ['broken gzip', 'gzip', () => Buffer.from('no gzip at all'), 'malformed'],
  ['broken brotli', 'br', () => Buffer.from('no brotli at all'), 'malformed'],
  ['gzip cut off', 'gzip', () => gzipSync('text and more text').subarray(0, 20), 'malformed'],
  ['two encodings', 'gzip, gzip', () => gzipSync(gzipSync('text')), 'malformed'],
  ['an encoding nobody asked for', 'zstd', () => Buffer.from('x'), 'malformed'],
])('refuses %s', async (_what, encoding, body, code) => {
  const bytes = body();
  web.answer('/page', (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bytes));
  expect(await http.ask(`${web.origin}/page`)).toMatchObject({ answer: 'refused', code });
});

it('refuses a page that is too large, whether it says so or not', async () => {
  web.answer('/declared', saying('x', { 'content-length': String(6 * 1024 * 1024) }));
  web.answer('/endless', (_request, response) => {
    response.on('error', () => {});
    const more = () =>
      void (
        response.destroyed || (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more))
      );
    more();
  });
  const tooLarge = { answer: 'refused', code: 'too_large' };
  expect(await http.ask(`${web.origin}/declared`)).toMatchObject(tooLarge);
  expect(await http.ask(`${web.origin}/endless`)).toMatchObject(tooLarge);
});

it('gives up on headers that do not come, a body that stops, and one that drips', async () => {
  web.answer('/silent', () => {});
  web.answer('/stops', (_request, response) => void response.writeHead(200).write('x'));
  web.answer('/drips', (_request, response) => {
    const timer = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(timer));
  });
  const impatient = createTestReader([web.host], { headersMs: 300, bodyMs: 300, wholeMs: 600 });
  for (const path of ['/silent', '/stops', '/drips']) {
    expect(await impatient.ask(`${web.origin}${path}`)).toMatchObject({ answer: 'unavailable' });
  }
  await impatient.close();
});

it.each([
  ['a body shorter than declared', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'unavailable'],
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 'unavailable'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', 'unavailable'],
  ['endless headers', `HTTP/1.1 200 OK\r\n${'X-Long: y\r\n'.repeat(20_000)}\r\n`, 'unavailable'],
])('survives %s', async (_what, bytes, answer) => {
  const raw = await startRawServer((socket) => socket.end(bytes));
  const reader = createTestReader([raw.host]);
  expect(await reader.ask(`http://${raw.host}/page`)).toMatchObject({ answer });
  await reader.close();
  await raw.close();
});

it('takes no more of a body than was declared', async () => {
  const page = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntextHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled';
  const raw = await startRawServer((socket) => socket.end(page));
  const reader = createTestReader([raw.host]);
  expect(await textOf(await reader.ask(`http://${raw.host}/page`))).toBe('text');
  await reader.close();
  await raw.close();
});

it('follows redirects within the site, and no loop', async () => {
  web.answer('/old', redirecting('/newer'));
  web.answer('/newer', redirecting('new', 308));
  web.answer('/new', 'found');
  web.answer('/loop', redirecting('/loop'));
  web.answer('/nowhere', saying('', {}, 302));
  web.answer('/file', redirecting('file:///etc/passwd'));
  web.answer('/credentials', redirecting(`http://user:secret@${web.host}/new`));
  expect(await textOf(await http.ask(`${web.origin}/old`))).toBe('found');
  expect(await http.ask(`${web.origin}/loop`)).toMatchObject({ answer: 'refused', code: 'malformed' });
  expect(web.pathsAsked().filter((path) => path === '/loop')).toHaveLength(6);
  expect(await http.ask(`${web.origin}/nowhere`)).toMatchObject({ answer: 'refused', code: 'malformed' });
  for (const path of ['/file', '/credentials']) {
    expect(await http.ask(`${web.origin}${path}`)).toMatchObject({ answer: 'refused', code: 'not_allowed' });
  }
});

it('stops with the reason of its signal, in the middle of a body and while it waits for a turn', async () => {
  web.answer('/slow', (_request, response) => void response.writeHead(200).write('x'));
  const patient = createTestReader([web.host], { headersMs: 60_000, bodyMs: 60_000, wholeMs: 60_000 });
  const stop = new AbortController();
  const reason = new Error('killed');
  const both = ['first', 'second'].map(() => patient.ask(`${web.origin}/slow`, undefined, stop.signal));
  web.answer('/robots.txt', '');
  const outcomes = Promise.allSettled(both);
  while (!web.pathsAsked().includes('/slow')) await new Promise(setImmediate);
  stop.abort(reason);
  expect(await outcomes).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
  await patient.close();
});
