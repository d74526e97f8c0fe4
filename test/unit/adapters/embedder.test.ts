import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmbedder } from '../../../activities/adapters/embedder';
import type { Embedder } from '../../../activities/adapters/embedder/port';

const dot = (a: Float32Array | undefined, b: Float32Array | undefined) =>
  [...(a ?? [])].reduce((sum, value, index) => sum + value * (b?.[index] ?? NaN), 0);

describe('the built-in embedder', () => {
  let embedder: Embedder;
  beforeAll(() => {
    embedder = createEmbedder({ kind: 'minilm', threads: 2 });
  });
  afterAll(() => embedder.close());

  it('places texts of one meaning near each other', async () => {
    const texts = ['A cat sits on the mat.', 'A kitten rests on a rug.', 'Revenue rose by ten percent this quarter.'];
    const [cat, kitten, revenue] = await embedder.embed(texts);
    expect(cat).toHaveLength(embedder.dimension);
    expect(dot(cat, cat)).toBeCloseTo(1, 5);
    expect(dot(cat, kitten)).toBeGreaterThan(dot(cat, revenue) + 0.3);
  });

  it('gives a text the same vector in any company, in order', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text number ${index}`);
    const together = await embedder.embed(texts);
    for (const index of [0, 7, 19]) {
      const [alone] = await embedder.embed([texts[index] ?? '']);
      expect(together[index]).toEqual(alone);
    }
  });

  it('takes empty, foreign and endless texts', async () => {
    const vectors = await embedder.embed(['', '😀 名前 \ud800', 'word '.repeat(100_000), ' '.repeat(50_000)]);
    for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 4);
    expect(await embedder.embed([])).toEqual([]);
  });

  it('answers a query while a batch is under way, and leaves the event loop free', async () => {
    const texts = Array.from({ length: 60 }, (_, index) => `paragraph ${index} `.repeat(40));
    let isDone = false;
    const batch = embedder.embed(texts).then(() => (isDone = true));
    await embedder.embed(['a question']);
    expect(isDone).toBe(false);
    await batch;
  });

  it('stops when told so', async () => {
    await expect(embedder.embed(['x'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    const batch = embedder.embed(new Array<string>(500).fill('some words'), { signal: controller.signal });
    controller.abort();
    await expect(batch).rejects.toMatchObject({ name: 'AbortError' });
    expect(await embedder.embed(['still works'])).toHaveLength(1);
  });
});

describe('the OpenAI-compatible embedder', () => {
  let server: Server;
  let answer: RequestListener;
  let url: string;
  const embed = (texts: string[], options = {}) =>
    createEmbedder({ kind: 'openai', url, model: 'm', apiKey: 'k', dimension: 2, ...options }).embed(texts);

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const withStatus =
    (status: number, headers = {}): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end('{}');

  it('sends batches of a hundred and restores the order', async () => {
    const sizes: number[] = [];
    answer = (request, response) => {
      expect(request.url).toBe('/v1/embeddings');
      expect(request.headers.authorization).toBe('Bearer k');
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { input } = JSON.parse(Buffer.concat(pieces).toString()) as { input: string[] };
        sizes.push(input.length);
        const data = input.map((text, index) => ({ index, embedding: [Number(text), 4] }));
        response.end(JSON.stringify({ data: data.reverse() }));
      });
    };
    const vectors = await embed(Array.from({ length: 250 }, () => '3'));
    expect(sizes).toEqual([100, 100, 50]);
    expect([...(vectors[249] ?? [])]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
  });

  it.each([
    [429, { 'retry-after': '7' }, { code: 'rate_limited', retryAfterSeconds: 7 }],
    [429, {}, { code: 'rate_limited', retryAfterSeconds: 60 }],
    [500, {}, { code: 'service_unavailable' }],
    [503, { 'retry-after': 'soon' }, { code: 'service_unavailable', retryAfterSeconds: 60 }],
    [401, {}, { code: 'invalid_configuration' }],
    [403, {}, { code: 'invalid_configuration' }],
    [404, {}, { code: 'invalid_configuration' }],
    [302, { location: 'http://127.0.0.1:1/' }, { code: 'service_unavailable' }],
    [200, {}, { code: 'service_unavailable' }],
  ])('maps status %d', async (status, headers, expected) => {
    answer = withStatus(status, headers);
    await expect(embed(['1'])).rejects.toMatchObject(expected);
  });

  it('refuses vectors of another length', async () => {
    answer = (_, response) => response.end(JSON.stringify({ data: [{ index: 0, embedding: [1, 2, 3] }] }));
    await expect(embed(['1'])).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('gives up on silence, and on nobody there', async () => {
    answer = () => {};
    await expect(embed(['1'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(embed(['1'], { url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(
      createEmbedder({ kind: 'openai', url, model: 'm' }).embed(['1'], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});
