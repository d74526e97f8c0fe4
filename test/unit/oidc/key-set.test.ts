import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose';
import { createKeySet, keyTimes } from '../../../api/oidc/key-set';

let keys: JSONWebKeySet['keys'];
let loads: number;
let now: number;
let answer: () => Promise<JSONWebKeySet>;
const find = { current: createKeySet({ issuer: 'test', load: async () => ({ keys: [] }) }) };

async function aKey(kid: string) {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(publicKey)), kid, alg: 'ES256' };
}

beforeEach(async () => {
  keys = [await aKey('first')];
  loads = 0;
  now = 1_000_000;
  answer = async () => ({ keys });
  const load = () => {
    loads += 1;
    return answer();
  };
  find.current = createKeySet({ issuer: 'https://id.example', load, now: () => now });
});

const ask = async (kid: string) => find.current({ alg: 'ES256', kid }, { payload: '', signature: '' });
const unavailable = { code: 'service_unavailable', retryAfterSeconds: 5 };

it('asks once for all who come together, and not again while the keys are fresh', async () => {
  await Promise.all(Array.from({ length: 50 }, () => ask('first')));
  await ask('first');
  expect(loads).toBe(1);
});

it('takes a new key at once, and asks no more than once in a while for one that nobody has heard of', async () => {
  await ask('first');
  keys = [...keys, await aKey('second')];
  await Promise.all(Array.from({ length: 50 }, () => ask('second')));
  expect(loads).toBe(2);
  for (let n = 0; n < 50; n += 1) await expect(ask(`invented ${n}`)).rejects.toThrow('no applicable key');
  expect(loads).toBe(2);
  now += keyTimes.unknownPauseMs;
  await expect(ask('invented')).rejects.toThrow('no applicable key');
  expect(loads).toBe(3);
});

it('goes on with the keys it has while the issuer is down, until they are too old, and then lets nobody in', async () => {
  await ask('first');
  answer = () => Promise.reject(new Error('down'));
  now += keyTimes.trustedMs - 1;
  await expect(ask('first')).resolves.toBeDefined();
  now += keyTimes.failedPauseMs;
  await expect(ask('first')).rejects.toMatchObject(unavailable);
  answer = async () => ({ keys });
  now += keyTimes.failedPauseMs;
  await expect(ask('first')).resolves.toBeDefined();
});

it('does not run against an issuer that is down', async () => {
  answer = () => Promise.reject(new Error('down'));
  await Promise.all(Array.from({ length: 50 }, () => expect(ask('first')).rejects.toMatchObject(unavailable)));
  await expect(ask('first')).rejects.toMatchObject(unavailable);
  expect(loads).toBe(1);
});

it('forgets a key that its issuer has taken back', async () => {
  await ask('first');
  keys = [await aKey('second')];
  now += keyTimes.trustedMs;
  await expect(ask('first')).rejects.toThrow('no applicable key');
});

it.each([
  ['no keys', { keys: 'none' }],
  ['nothing', null],
])('lets nobody in where the issuer answers with %s', async (_what, given) => {
  answer = async () => given as never;
  await expect(ask('first')).rejects.toMatchObject(unavailable);
});
