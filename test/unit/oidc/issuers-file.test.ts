import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, loadApiConfig, loadStackConfig } from '../../../config';
import { loadKeys } from '../../../api/oidc/load-keys';

const folder = mkdtempSync(path.join(tmpdir(), 'aos-oidc-'));
let files = 0;
function aFile(content: unknown): string {
  const file = path.join(folder, `${(files += 1)}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const good = {
  issuer: 'https://id.example.com',
  audience: 'https://aos.example.com/mcp',
  tenant: { id: 'ten_000000000001' },
  roles: { given: ['agent'] },
};
const settings = {
  TEMPORAL_ADDRESS: 'localhost:7233',
  AOS_DATABASE_APP_URL: 'postgresql://app@db/aos',
  AOS_DATABASE_SYSTEM_URL: 'postgresql://system@db/aos',
};
const load = (content: unknown, more: Record<string, string> = {}) =>
  loadApiConfig({ ...settings, ...more, AOS_OIDC_ISSUERS_FILE: aFile(content) }).oidcIssuers;

it('reads what an operator has to say, with strict defaults for the rest', () => {
  expect(load({ issuers: [good] })).toEqual([
    {
      ...good,
      audience: ['https://aos.example.com/mcp'],
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      token_type: 'at+jwt',
      clock_tolerance_seconds: 30,
      max_token_age_seconds: 3_600,
      work_outlives_token_seconds: 86_400,
    },
  ]);
  expect(loadApiConfig(settings).oidcIssuers).toEqual([]);
});

it.each([
  ['no JSON', 'not JSON', /must name a file of JSON/],
  ['no issuer', { issuers: [] }, /issuers/],
  ['an unknown field', { issuers: [{ ...good, trust: 'all' }] }, /trust/],
  ['an issuer twice', { issuers: [good, good] }, /names an issuer twice/],
  ['an issuer with a query', { issuers: [{ ...good, issuer: 'https://id.example.com?a=b' }] }, /nothing behind/],
  ['an issuer without TLS', { issuers: [{ ...good, issuer: 'http://id.example.com' }] }, /must start with https/],
  ['keys without TLS', { issuers: [{ ...good, jwks_uri: 'http://id.example.com/jwks' }] }, /must start with https/],
  ['no audience', { issuers: [{ ...good, audience: [] }] }, /audience/],
  ['no signature at all', { issuers: [{ ...good, algorithms: ['none'] }] }, /algorithms/],
  ['a shared secret', { issuers: [{ ...good, algorithms: ['HS256'] }] }, /algorithms/],
  ['a role that is none', { issuers: [{ ...good, roles: { given: ['system'] } }] }, /roles/],
  [
    'an operator in a tenant',
    { issuers: [{ ...good, roles: { given: ['operator'] } }] },
    /belongs to the tenant platform/,
  ],
  [
    'an operator by a word of the token',
    { issuers: [{ ...good, roles: { claim: 'roles', values: { boss: 'operator' } } }] },
    /belongs to the tenant platform/,
  ],
  [
    'an admin of the platform',
    { issuers: [{ ...good, tenant: { id: 'platform' } }] },
    /belongs to the tenant platform/,
  ],
  [
    'the platform by a word of the token',
    { issuers: [{ ...good, tenant: { claim: 'org', values: { us: 'platform' } } }] },
    /named by its id only/,
  ],
])('refuses %s', (_what, content, message) => {
  expect(() => load(content)).toThrow(ConfigError);
  expect(() => load(content)).toThrow(message);
});

it('takes keys without TLS only from an address that the operator has opened', () => {
  const here = { issuers: [{ ...good, issuer: 'http://127.0.0.1:9400' }] };
  expect(() => load(here)).toThrow('AOS_EGRESS_ALLOW');
  expect(load(here, { AOS_EGRESS_ALLOW: '127.0.0.1:9400' })).toHaveLength(1);
});

it('lets `npm start` end where the file is wrong, and name a file that is not there', () => {
  expect(() => loadStackConfig({ AOS_OIDC_ISSUERS_FILE: aFile('{}') })).toThrow(/^AOS_OIDC_ISSUERS_FILE .+\.$/);
  expect(() => loadStackConfig({ AOS_OIDC_ISSUERS_FILE: path.join(folder, 'none') })).toThrow('ENOENT');
});

describe('the keys of an issuer', () => {
  const issuer = { issuer: 'https://id.example.com/' };
  const keysAt = 'https://keys.example.com/jwks';
  const from = (metadata: unknown, mayGiveKeys = () => true) =>
    loadKeys({
      issuer,
      mayGiveKeys,
      fetchJson: async (url) =>
        url === 'https://id.example.com/.well-known/openid-configuration' ? metadata : { keys: [], from: url },
    });

  it('are those that its metadata names', async () => {
    expect(await from({ issuer: issuer.issuer, jwks_uri: keysAt })).toEqual({ keys: [], from: keysAt });
  });

  it.each([
    ['names another issuer', { issuer: 'https://id.example.com', jwks_uri: keysAt }, /names another issuer/],
    ['names no keys', { issuer: issuer.issuer }, /names no keys/],
    ['is nothing', null, /names another issuer/],
  ])('are not to be had where it %s', async (_what, metadata, message) => {
    await expect(from(metadata)).rejects.toThrow(message);
  });

  it('are not taken from where anybody could have written them', async () => {
    await expect(from({ issuer: issuer.issuer, jwks_uri: keysAt }, () => false)).rejects.toThrow('over TLS');
  });
});
