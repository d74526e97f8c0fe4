import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { createEventMeter } from '../../../activities/adapters/mcp/byte-meters';
import { until } from '../../support/until';
import { type Fixture, startOlder } from './fixture-servers';

let fixture: Fixture;
let egress: Dispatcher;
beforeEach(async () => {
  fixture = await startOlder();
  egress = createEgress({ allowed: [fixture.host] });
});
afterEach(async () => {
  await egress.close();
  await fixture.close();
});

const named = (serverId: string, tenantId = 't1'): WebServer => ({
  tenantId,
  serverId,
  transport: 'http',
  url: fixture.url,
  auth: { type: 'none' },
});
const greetings = () => fixture.methods.filter((method) => method === 'initialize').length;
const goodbyes = () => fixture.requests.filter(({ method }) => method === 'DELETE').length;

it('are ended in good form when nobody has used them for a while', async () => {
  const upstream = createMcpUpstream({ egress, limits: { idleMs: 50 } });
  await upstream.ping({ server: named('s1') });
  await until(() => goodbyes() === 1, { what: 'the goodbye' });
  await upstream.ping({ server: named('s1') });
  expect(greetings()).toBe(2);
  await upstream.close();
  expect(goodbyes()).toBe(2);
});

it('are not shared between tenants', async () => {
  const upstream = createMcpUpstream({ egress });
  await upstream.ping({ server: named('s1', 't1') });
  await upstream.ping({ server: named('s1', 't2') });
  expect(greetings()).toBe(2);
  await upstream.close();
});

it('are as many as allowed: the one unused for longest makes room', async () => {
  const upstream = createMcpUpstream({ egress, limits: { connections: 2 } });
  for (const id of ['s1', 's2', 's1', 's3', 's1']) await upstream.ping({ server: named(id) });
  expect(greetings()).toBe(3);
  await upstream.ping({ server: named('s2') });
  expect(greetings()).toBe(4);
  await upstream.close();
});

it('make no room while all are in use', async () => {
  const upstream = createMcpUpstream({ egress, limits: { connections: 1 } });
  const first = upstream.ping({ server: named('s1') });
  await expect(upstream.ping({ server: named('s2') })).rejects.toMatchObject({
    problem: 'pool_full',
    reached: 'notSent',
    code: 'resource_busy',
  });
  await first;
  await upstream.close();
});

it.each(['\n', '\r', '\r\n'])('count the bytes of each event, with lines that end in %j', (end) => {
  const meter = createEventMeter(20);
  const take = (text: string) => meter.take(Buffer.from(text));
  for (let n = 0; n < 10; n += 1) take(`data: 0123456789${end}${end}`);
  take(`data: 0123456${end}`);
  expect(() => take(`data: 0123456${end}`)).toThrow('more than 20 bytes in one message');
});
