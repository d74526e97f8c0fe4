import { EventEmitter, once } from 'node:events';
import { followLists, type FollowedLists } from '../../../api/mcp/follow-lists';
import { createOfferFeed } from '../../../api/mcp/offer-feed';
import type { OfferFeeds } from '../../../api/mcp/offer-feeds';
import { agentLists, type OfferLine } from '../../../operations/tools/offers';

const tool = (toolName: string, digest: string, requiredPermissions: string[] = []): OfferLine => ({
  ...{ list: 'tools', serverName: 'notes', toolName, requiredPermissions, digest },
});
const prompts: OfferLine = {
  ...{ list: 'prompts', serverName: 'notes', toolName: null, requiredPermissions: [], digest: 'p' },
};

function aFeed(first: readonly OfferLine[]) {
  const looks = new EventEmitter();
  let isReleased = false;
  const feed = {
    offers: first,
    look: async () => {},
    looked: async (signal: AbortSignal) => void (await once(looks, 'look', { signal })),
    stop: () => {},
  };
  return {
    offers: { take: () => ({ feed, release: () => void (isReleased = true) }) },
    isReleased: () => isReleased,
    async look(offers: readonly OfferLine[] = feed.offers) {
      feed.offers = offers;
      // Whoever listens is at the next look by then.
      await new Promise(setImmediate);
      looks.emit('look');
    },
  };
}

async function follow(feed: { readonly offers: OfferFeeds }, change: Partial<FollowedLists> = {}) {
  const end = new AbortController();
  const changes = await followLists({
    services: { offers: feed.offers, prisma: {} as never },
    listing: { tenantId: 'ten_1', roles: ['developer'], server: undefined },
    lists: agentLists,
    readmit: async () => ({ roles: ['developer'] }),
    readmitMs: 60_000,
    signal: end.signal,
    ...change,
  });
  return { end, changes: changes[Symbol.asyncIterator]() };
}

test('tells of a list when what the caller may have of it differs, and of no other list', async () => {
  const feed = aFeed([tool('read', 'a'), tool('hidden', 'a', ['manage:keys']), prompts]);
  const { changes } = await follow(feed);
  const next = changes.next();
  await feed.look();
  await feed.look([tool('read', 'a'), tool('hidden', 'b', ['manage:keys']), prompts]);
  await feed.look([tool('read', 'b'), tool('hidden', 'b', ['manage:keys']), prompts]);
  expect(await next).toEqual({ done: false, value: 'tools' });
  const after = changes.next();
  await feed.look([tool('read', 'b'), { ...prompts, digest: 'q' }]);
  expect(await after).toEqual({ done: false, value: 'prompts' });
});

test('asks whom it tells before it tells anything, and tells of what new roles change', async () => {
  const feed = aFeed([tool('read', 'a'), tool('hidden', 'a', ['manage:keys'])]);
  const { changes } = await follow(feed, { readmit: async () => ({ roles: ['admin'] }), readmitMs: 0 });
  const next = changes.next();
  await feed.look();
  expect(await next).toEqual({ done: false, value: 'tools' });
});

test('ends where the caller may listen no more, without a word of what has changed', async () => {
  const feed = aFeed([tool('read', 'a')]);
  const { changes } = await follow(feed, { readmit: () => Promise.reject(new Error('revoked')) });
  const next = changes.next();
  await feed.look([tool('read', 'b')]);
  await expect(next).rejects.toThrow('revoked');
  expect(await changes.next()).toEqual({ done: true, value: undefined });
});

test('tells whoever comes to a feed of others nothing of what was before', async () => {
  let digest = 'a';
  const source = { readMark: async () => digest, readOffers: async () => [tool('read', digest)] };
  const feed = createOfferFeed(source, { pollMs: 3_600_000, onError: (error) => console.error(error) });
  const offers = { take: () => ({ feed, release: feed.stop }) };
  const first = await follow({ offers });
  const told = first.changes.next();
  digest = 'b';
  const second = await follow({ offers });
  expect(await told).toEqual({ done: false, value: 'tools' });
  const heard: unknown[] = [];
  const next = second.changes.next().then((each) => heard.push(each));
  await feed.look();
  await new Promise(setImmediate);
  expect(heard).toEqual([]);
  digest = 'c';
  await feed.look();
  await next;
  expect(heard).toEqual([{ done: false, value: 'tools' }]);
  second.end.abort();
});

test('gives the feed back at its end', async () => {
  const feed = aFeed([]);
  const { changes, end } = await follow(feed);
  const next = changes.next();
  expect(feed.isReleased()).toBe(false);
  end.abort();
  await expect(next).rejects.toThrow(/abort/);
  expect(feed.isReleased()).toBe(true);
});
