import { loadApiConfig, loadStackConfig, loadWorkerConfig } from '../../../config';
import { childEnvironment } from '../../../scripts/stack/child-environment';

const environment = {
  PATH: '/bin',
  DATABASE_URL: 'postgresql://owner:secret@host/aos',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AOS_FILE_ROOTS: ':',
  AOS_EGRESS_ALLOW: 'localhost:9000',
  TEMPORAL_TLS: 'true',
};
const settings = {
  config: loadStackConfig(environment),
  apiPort: 1234,
  metricsPort: 1235,
  appUrl: 'postgresql://aos_app:a@host/aos',
  systemUrl: 'postgresql://aos_system:s@host/aos',
  temporalAddress: '127.0.0.1:5555',
  environment,
};

it.each(['api', 'worker'] as const)(
  'gives the %s nothing of the owner, and nothing that was not meant for it',
  (name) => {
    const given = childEnvironment(name, settings);
    expect(JSON.stringify(given)).not.toContain('secret');
    expect(given.TEMPORAL_TLS).toBeUndefined();
  },
);

it('is what the processes read', () => {
  expect(loadApiConfig(childEnvironment('api', settings))).toMatchObject({
    apiPort: 1234,
    databaseAppUrl: settings.appUrl,
    fileRoots: [],
    egressAllow: ['localhost:9000'],
    temporal: { address: '127.0.0.1:5555' },
  });
  expect(loadWorkerConfig(childEnvironment('worker', settings)).metricsPort).toBe(1235);
  expect(loadWorkerConfig(childEnvironment('worker', settings)).signingKeyFile).toBe(settings.config.signingKeyFile);
});

it('passes the settings of another Temporal server on', () => {
  const given = childEnvironment('api', { ...settings, temporalAddress: undefined });
  expect(given.TEMPORAL_TLS).toBe('true');
});

it('names the identity providers to the API alone', () => {
  const named = { ...settings, config: { ...settings.config, oidcIssuersFile: '/issuers.json' } };
  const [api, worker] = (['api', 'worker'] as const).map((name) => childEnvironment(name, named));
  expect([api?.AOS_OIDC_ISSUERS_FILE, worker?.AOS_OIDC_ISSUERS_FILE]).toEqual(['/issuers.json', undefined]);
});

it('names the commands that tenants may use to both, and the databases to the worker alone', () => {
  const files = { sqlConnectionsFile: '/sql.json', stdioServersFile: '/stdio.json' };
  const named = { ...settings, config: { ...settings.config, ...files } };
  const [api, worker] = (['api', 'worker'] as const).map((name) => childEnvironment(name, named));
  expect([api?.AOS_STDIO_SERVERS_FILE, worker?.AOS_STDIO_SERVERS_FILE]).toEqual(['/stdio.json', '/stdio.json']);
  expect([api?.AOS_SQL_CONNECTIONS_FILE, worker?.AOS_SQL_CONNECTIONS_FILE]).toEqual([undefined, '/sql.json']);
});
