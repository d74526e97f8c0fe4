import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startProxy, type Proxy } from '../../../chaos/proxy';
import { createDraw } from '../../../chaos/random';

const commit = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');

let server: Server;
let received: Buffer[];
let proxy: Proxy;
const clients: Socket[] = [];

beforeEach(async () => {
  received = [];
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      received.push(piece);
      socket.write(`done ${received.length}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startProxy('test', (server.address() as AddressInfo).port, createDraw(1));
});
afterEach(async () => {
  clients.splice(0).forEach((client) => client.destroy());
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

async function aClient(): Promise<Socket> {
  const client = connect(proxy.port, '127.0.0.1');
  client.on('error', () => {});
  clients.push(client);
  await once(client, 'connect');
  return client;
}

test('in fair weather what is sent arrives, and so does the answer', async () => {
  const client = await aClient();
  client.write(commit);
  const [answer] = await once(client, 'data');
  expect(String(answer)).toBe('done 1');
  expect(received).toEqual([commit]);
});

test('a lost commit reaches the server, and its answer reaches nobody', async () => {
  proxy.weather.lostCommitShare = 1;
  const client = await aClient();
  const heard: unknown[] = [];
  client.on('data', (piece) => heard.push(piece));
  client.write(commit);
  await new Promise<void>((resolve) => client.once('close', () => resolve()));
  expect(received).toEqual([commit]);
  expect(heard).toEqual([]);
  expect(proxy.counts.lostCommits).toBe(1);
});

test('other statements keep their answers while commits lose theirs', async () => {
  proxy.weather.lostCommitShare = 1;
  const client = await aClient();
  client.write('Q\0\0\0\x0dselect 1\0');
  const [answer] = await once(client, 'data');
  expect(String(answer)).toBe('done 1');
});

test('a partition holds back what is sent until it ends', async () => {
  const client = await aClient();
  proxy.weather.isPartitioned = true;
  client.write('before');
  const other = await aClient();
  other.write('also before');
  expect(received).toEqual([]);
  proxy.weather.isPartitioned = false;
  await Promise.all([once(client, 'data'), once(other, 'data')]);
  expect(received.map(String).toSorted()).toEqual(['also before', 'before']);
});

test('a reset ends connections with an error and spares the server', async () => {
  const client = await aClient();
  // `once` would fail with the error of the reset.
  const failed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  proxy.weather.resetShare = 1;
  await failed;
  expect(proxy.counts.resets).toBe(1);
  proxy.weather.resetShare = 0;
  const again = await aClient();
  again.write('again');
  const [answer] = await once(again, 'data');
  expect(String(answer)).toBe('done 1');
});
