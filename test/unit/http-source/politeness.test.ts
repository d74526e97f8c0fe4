import { createTestReader, textOf, type TestReader } from '../../support/http-reader';
import { redirecting, saying, startRawServer, startWebServer, type WebServer } from '../../support/web-server';

let web: WebServer;
const readers: TestReader[] = [];

function reader(
  ...options: Parameters<typeof createTestReader> | [undefined?, Parameters<typeof createTestReader>[1]?]
) {
  const made = createTestReader(options[0] ?? [web.host], options[1]);
  readers.push(made);
  return made;
}

beforeEach(async () => {
  web = await startWebServer();
  web.answer('/page', 'text');
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((each) => each.close()));
  await web.close();
});

const notAllowed = { answer: 'refused', code: 'not_allowed', reason: expect.stringContaining('/robots.txt') };

describe('robots.txt', () => {
  it.each([
    ['nobody is let in', 'User-agent: *\nDisallow: /', notAllowed],
    ['we are not let in', 'User-agent: AOS\nDisallow: /\n\nUser-agent: *\nAllow: /', notAllowed],
    [
      'the group of our own counts alone',
      'User-agent: *\nDisallow: /\n\nUser-agent: aos\nAllow: /',
      { answer: 'content' },
    ],
    ['several names share a group', 'User-agent: other\nUser-agent: AOS\nDisallow: /page', notAllowed],
    ['the longest rule wins', 'User-agent: *\nDisallow: /\nAllow: /page$', { answer: 'content' }],
    ['a wildcard matches', 'User-agent: *\nDisallow: /*ge', notAllowed],
    ['a byte order mark comes first', '\ufeffUser-agent: *\nDisallow: /page', notAllowed],
    ['an empty rule allows', 'User-agent: *\nDisallow:', { answer: 'content' }],
    ['it is no robots.txt at all', '<html>not found</html>', { answer: 'content' }],
  ])('is heeded where %s', async (_what, text, expected) => {
    web.answer('/robots.txt', text);
    expect(await reader().ask(`${web.origin}/page`)).toMatchObject(expected);
    expect(web.pathsAsked().includes('/page')).toBe('answer' in expected && expected.answer === 'content');
  });

  it.each([401, 403, 404, 410])('allows everything where it answers %d', async (status) => {
    web.answer('/robots.txt', saying('User-agent: *\nDisallow: /', {}, status));
    expect(await reader().ask(`${web.origin}/page`)).toMatchObject({ answer: 'content' });
  });

  it.each([500, 503, 429])('allows nothing for now where it answers %d', async (status) => {
    web.answer('/robots.txt', saying('', {}, status));
    expect(await reader().ask(`${web.origin}/page`)).toMatchObject({ answer: 'unavailable' });
    expect(web.pathsAsked()).not.toContain('/page');
  });

  it('allows nothing for now where it cannot be read', async () => {
    const raw = await startRawServer((socket) => socket.destroy());
    expect(await reader([raw.host]).ask(`http://${raw.host}/page`)).toMatchObject({ answer: 'unavailable' });
    await raw.close();
  });

  it('is read as far as 500 KiB, and by redirects', async () => {
    const padding = `# ${'x'.repeat(98)}\n`.repeat(5_000);
    web.answer('/robots.txt', redirecting('/elsewhere'));
    web.answer('/elsewhere', `User-agent: *\nDisallow: /page\n${padding}${padding}Disallow: /other`);
    web.answer('/other', 'text');
    const polite = reader();
    expect(await polite.ask(`${web.origin}/page`)).toMatchObject({ ...notAllowed, reason: expect.anything() });
    expect(await polite.ask(`${web.origin}/other`)).toMatchObject({ answer: 'content' });
  });

  it('is asked for once, also by many at a time', async () => {
    const polite = reader();
    await Promise.all(Array.from({ length: 8 }, () => polite.ask(`${web.origin}/page`)));
    expect(web.pathsAsked().filter((path) => path === '/robots.txt')).toHaveLength(1);
  });

  it('is refused when its wildcards are made to keep us busy', async () => {
    web.answer('/robots.txt', `User-agent: *\n${`Disallow: /*${'a*'.repeat(500)}b\n`.repeat(450)}`);
    expect(await reader().ask(`${web.origin}/${'a'.repeat(900)}`)).toMatchObject(notAllowed);
  });

  it('holds for the site that a redirect leads to, and for where it began', async () => {
    web.answer('/robots.txt', 'User-agent: *\nDisallow: /private');
    web.answer('/start', redirecting('/private'));
    expect(await reader().ask(`${web.origin}/start`)).toMatchObject(notAllowed);
    expect(web.pathsAsked()).not.toContain('/private');
  });
});

describe('a host', () => {
  it('is asked one thing at a time', async () => {
    let open = 0;
    let most = 0;
    web.answer('/page', (_request, response) => {
      most = Math.max(most, (open += 1));
      setTimeout(() => response.end('text', () => (open -= 1)), 5);
    });
    const polite = reader();
    await Promise.all(Array.from({ length: 6 }, () => polite.ask(`${web.origin}/page`)));
    expect(most).toBe(1);
  });

  it.each([429, 503])('is asked again after the rest that it wishes with %d', async (status) => {
    let asked = 0;
    let firstAt = 0;
    let restedMs = 0;
    web.answer('/page', (request, response) => {
      asked += 1;
      if (asked === 1) firstAt = performance.now();
      else restedMs = performance.now() - firstAt;
      const respond = asked === 1 ? saying('', { 'retry-after': '1' }, status) : saying('text');
      respond(request, response);
    });
    expect(await textOf(await reader().ask(`${web.origin}/page`))).toBe('text');
    expect(restedMs).toBeGreaterThanOrEqual(990);
  });

  it('is left alone when it wishes for more than we wait', async () => {
    web.answer('/page', saying('', { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }, 503));
    const polite = reader();
    expect(await polite.ask(`${web.origin}/page`)).toMatchObject({ answer: 'unavailable' });
    expect(await polite.ask(`${web.origin}/page`)).toMatchObject({ reason: expect.stringContaining('left alone') });
    expect(web.pathsAsked()).toEqual(['/robots.txt', '/page']);
  });

  it('is left alone after failing five times in a row', async () => {
    web.answer('/page', saying('', {}, 500));
    const polite = reader();
    for (let time = 0; time < 5; time += 1) await polite.ask(`${web.origin}/page`);
    const before = web.asked.length;
    expect(await polite.ask(`${web.origin}/page`)).toMatchObject({ answer: 'unavailable' });
    expect(web.asked.length).toBe(before);
  });

  it('does not hold up a stop while it rests', async () => {
    web.answer('/robots.txt', 'User-agent: *\nCrawl-delay: 600');
    const polite = reader();
    await polite.ask(`${web.origin}/page`);
    const stop = new AbortController();
    const reason = new Error('killed');
    const waiting = polite.ask(`${web.origin}/page`, undefined, stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});
