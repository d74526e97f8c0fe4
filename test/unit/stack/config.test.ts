import path from 'node:path';
import { ConfigError, loadApiConfig, loadMigrateConfig, loadStackConfig, loadWorkerConfig } from '../../../config';

const logins = {
  AOS_DATABASE_APP_URL: 'postgresql://aos_app:x@127.0.0.1:5433/aos',
  AOS_DATABASE_SYSTEM_URL: 'postgresql://aos_system:x@127.0.0.1:5433/aos',
};
const temporal = { TEMPORAL_ADDRESS: '127.0.0.1:7233' };

describe('defaults', () => {
  it('start a stack from an empty environment', () => {
    expect(loadStackConfig({})).toMatchObject({
      dataDir: path.resolve('.aos'),
      apiHost: '127.0.0.1',
      apiPort: 7080,
      temporalPort: 7233,
      temporalUiPort: 8233,
      postgresPort: 5433,
      fileRoots: [path.resolve('examples')],
      egressAllow: [],
      masterKeyFile: path.resolve('.aos/keys/master.key'),
      logLevel: 'info',
      temporal: undefined,
      temporalNamespace: 'default',
    });
  });

  it('hold for empty and blank settings', () => {
    const blank = { AOS_DATA_DIR: '', AOS_API_PORT: ' ', AOS_FILE_ROOTS: '', TEMPORAL_ADDRESS: '', DATABASE_URL: '' };
    expect(loadStackConfig(blank)).toEqual(loadStackConfig({}));
  });

  it('do not depend on a Temporal configuration file in the home folder', () => {
    expect(loadStackConfig({ HOME: '/nowhere', TEMPORAL_NAMESPACE: 'other' })).toMatchObject({
      temporal: undefined,
      temporalNamespace: 'other',
    });
  });
});

describe('values', () => {
  it('become absolute paths and lists', () => {
    const config = loadStackConfig({
      AOS_DATA_DIR: 'data',
      AOS_FILE_ROOTS: 'one:/two:',
      AOS_EGRESS_ALLOW: 'localhost:9000, [::1]:80',
    });
    expect(config.dataDir).toBe(path.resolve('data'));
    expect(config.signingKeyFile).toBe(path.resolve('data/keys/signing.pem'));
    expect(config.fileRoots).toEqual([path.resolve('one'), '/two']);
    expect(config.egressAllow).toEqual(['localhost:9000', '[::1]:80']);
  });

  it('may leave no folder to read', () => {
    expect(loadStackConfig({ AOS_FILE_ROOTS: ':' }).fileRoots).toEqual([]);
  });

  it('describe another Temporal server, with its key and namespace', () => {
    const config = loadStackConfig({ ...temporal, TEMPORAL_API_KEY: 'key', TEMPORAL_NAMESPACE: 'mine' });
    expect(config.temporal).toEqual({
      address: '127.0.0.1:7233',
      namespace: 'mine',
      connection: { address: '127.0.0.1:7233', apiKey: 'key', tls: true },
    });
  });

  it('describe an embedder over HTTP', () => {
    const environment = { AOS_EMBEDDER_URL: 'https://host/v1', AOS_EMBEDDER_MODEL: 'm', AOS_EMBEDDER_DIMENSION: '512' };
    expect(loadStackConfig(environment).embedder).toEqual({
      url: 'https://host/v1',
      model: 'm',
      apiKey: undefined,
      dimension: 512,
    });
  });
});

describe('each process', () => {
  it('reads its own settings', () => {
    expect(loadApiConfig({ ...logins, ...temporal })).toMatchObject({ databaseAppUrl: logins.AOS_DATABASE_APP_URL });
    expect(loadWorkerConfig({ ...logins, ...temporal }).temporal.address).toBe('127.0.0.1:7233');
    expect(loadMigrateConfig({ DATABASE_URL: 'postgres://owner@host/aos' }).databaseUrl).toBe(
      'postgres://owner@host/aos',
    );
  });

  it.each([loadApiConfig, loadWorkerConfig])('never holds the URL of the owner: %p', (load) => {
    const config = load({ ...logins, ...temporal, DATABASE_URL: 'postgresql://owner:secret@host/aos' });
    expect(JSON.stringify(config)).not.toContain('owner');
  });
});

describe('a wrong setting', () => {
  it.each([
    [loadStackConfig, { AOS_API_PORT: '70800' }, 'AOS_API_PORT must be a port number from 0 to 65535.'],
    [loadStackConfig, { AOS_POSTGRES_PORT: '-1' }, 'AOS_POSTGRES_PORT must be a port number from 0 to 65535.'],
    [loadStackConfig, { DATABASE_URL: 'mysql://h/d' }, 'DATABASE_URL must be a URL that starts with postgresql://.'],
    [loadStackConfig, { AOS_EGRESS_ALLOW: 'host' }, 'AOS_EGRESS_ALLOW must be a comma-separated list of host:port.'],
    [loadStackConfig, { AOS_EGRESS_ALLOW: 'h:99999' }, 'AOS_EGRESS_ALLOW must be a comma-separated list of host:port.'],
    [loadStackConfig, { AOS_EMBEDDER_URL: 'http://h' }, 'AOS_EMBEDDER_MODEL must be set when AOS_EMBEDDER_URL is.'],
    [loadStackConfig, { AOS_EMBEDDER_THREADS: '0' }, 'AOS_EMBEDDER_THREADS must be a whole number from 1 to 64.'],
    [
      loadStackConfig,
      { AOS_WORKER_VERSIONING: 'on' },
      'AOS_WORKER_VERSIONING must be off for npm start, which replaces its one worker in place.',
    ],
    [loadWorkerConfig, { AOS_WORKER_VERSIONING: 'yes' }, 'AOS_WORKER_VERSIONING must be on or off.'],
    [
      loadWorkerConfig,
      { AOS_WORKER_BUILD_ID: 'a:b' },
      'AOS_WORKER_BUILD_ID must be 1 to 64 letters, digits, dots, hyphens or underscores.',
    ],
    [loadStackConfig, { TEMPORAL_ADDRESS: 'host' }, 'TEMPORAL_ADDRESS must be host:port.'],
    [loadApiConfig, { ...temporal }, 'AOS_DATABASE_APP_URL must be set.'],
    [loadWorkerConfig, { ...logins }, 'TEMPORAL_ADDRESS must be set.'],
    [loadMigrateConfig, {}, 'DATABASE_URL must be set.'],
  ])('ends the start with one sentence: %p %p', (load, environment, message) => {
    expect(() => load(environment)).toThrow(new ConfigError(message));
  });

  it('never shows a secret', () => {
    const load = () => loadStackConfig({ DATABASE_URL: 'mysql://owner:hidden@host/aos' });
    expect(load).toThrow(/DATABASE_URL/);
    expect(load).not.toThrow(/hidden/);
  });
});
