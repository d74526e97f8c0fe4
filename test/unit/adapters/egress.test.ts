import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { createOpenAiEmbedder } from '../../../activities/adapters/embedder/openai';
import { createEgress } from '../../../activities/adapters/egress';
import { isReachable } from '../../../activities/adapters/egress/is-reachable';

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((_request, response) => response.end('inside'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const spellings = [
  '127.0.0.1',
  'localhost',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '１２７.０.０.１',
  '0.0.0.0',
  '[::]',
];

it.each(spellings)('does not reach the loopback as %s', async (host) => {
  const dispatcher = createEgress({ allowed: [] });
  await expect(request(`http://${host}:${port}/`, { dispatcher })).rejects.toMatchObject({ code: 'policy_violation' });
  await dispatcher.close();
});

it.each(['127.0.0.1', 'localhost'])('reaches %s when an operator named it with its port', async (host) => {
  const dispatcher = createEgress({ allowed: [`${host}:${port}`] });
  const { body } = await request(`http://${host}:${port}/`, { dispatcher });
  expect(await body.text()).toBe('inside');
  await dispatcher.close();
});

it('does not take one port for another', async () => {
  const dispatcher = createEgress({ allowed: [`127.0.0.1:${port === 65_535 ? 1 : port + 1}`] });
  await expect(request(`http://127.0.0.1:${port}/`, { dispatcher })).rejects.toMatchObject({
    code: 'policy_violation',
  });
  await dispatcher.close();
});

it.each([
  ['8.8.8.8', true],
  ['2606:4700:4700::1111', true],
  ['10.0.0.1', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['224.0.0.1', false],
  ['fe80::1', false],
  ['fc00::1', false],
  ['::ffff:10.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['not an address', false],
])('%s may be reached: %s', (address, expected) => {
  expect(isReachable({ hostname: 'host.example', address, port: 443 }, [])).toBe(expected);
});

it('stands between the embedder and its service', async () => {
  const embedder = createOpenAiEmbedder({
    url: `http://127.0.0.1:${port}`,
    model: 'any',
    dispatcher: createEgress({ allowed: [] }),
  });
  await expect(embedder.embed(['text'])).rejects.toMatchObject({ code: 'policy_violation' });
});
