import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadApiConfig, loadStackConfig, loadWorkerConfig } from '../../../config';
import { createMasterKeys, formerKeyFile, masterKeyOf, nextKeyFile } from '../../../vault';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aos-keys-'));
  file = path.join(folder, 'master.key');
});
afterEach(() => rm(folder, { recursive: true }));

test('without a key file there is no key, and a file of another length is none', async () => {
  const keys = createMasterKeys(file);
  const unusable = (what: string) => ({ code: 'invalid_configuration', message: expect.stringContaining(what) });
  await expect(keys.ring()).rejects.toMatchObject(unusable('does not exist'));
  await writeFile(file, randomBytes(31));
  await expect(keys.ring()).rejects.toMatchObject(unusable('does not hold 32 bytes'));
  await rm(file);
  await writeFile(formerKeyFile(file), randomBytes(32));
  await expect(keys.ring()).rejects.toMatchObject(unusable('does not exist'));
});

test('keys that a rotation lays beside it are found without a restart, and only the file itself is current', async () => {
  const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const id = (bytes: Uint8Array) => masterKeyOf(bytes).keyId;
  const keys = createMasterKeys(file);
  await writeFile(file, one);
  expect((await keys.ring()).current.keyId).toBe(id(one));
  expect((await keys.ring()).find(id(two))).toBeUndefined();
  await writeFile(nextKeyFile(file), two);
  await writeFile(formerKeyFile(file), three);
  const ring = await keys.ring();
  expect(ring.current.keyId).toBe(id(one));
  expect([id(one), id(two), id(three)].map((each) => ring.find(each)?.keyId)).toEqual([id(one), id(two), id(three)]);
});

test('a provider that is not there ends the start of every process', () => {
  const urls = {
    TEMPORAL_ADDRESS: 'localhost:7233',
    AOS_DATABASE_APP_URL: 'postgresql://a',
    AOS_DATABASE_SYSTEM_URL: 'postgresql://s',
  };
  const withProvider = (CREDENTIAL_VAULT_PROVIDER: string) => ({ ...urls, CREDENTIAL_VAULT_PROVIDER });
  for (const load of [loadApiConfig, loadWorkerConfig, loadStackConfig]) {
    expect(() => load(withProvider('embedded'))).not.toThrow();
    for (const provider of ['hashicorp', 'aws_secrets', 'env']) {
      const message = `CREDENTIAL_VAULT_PROVIDER must be embedded: the provider ${provider} is not available yet.`;
      expect(() => load(withProvider(provider))).toThrow(message);
    }
    expect(() => load(withProvider('Embedded'))).toThrow('CREDENTIAL_VAULT_PROVIDER must be embedded.');
  }
});
