import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { loadApiConfig, loadWorkerConfig } from '../../../config';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const root = path.join(__dirname, '../../..');
const { services } = parse(readFileSync(path.join(root, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};

// As compose would fill it in.
const environmentOf = (name: string) =>
  Object.fromEntries(
    Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
      key,
      value.replaceAll(/\$\{AOS_PASSWORD[^}]*\}/g, 'secret'),
    ]),
  );

test('API and worker accept their settings, and every one of them is read', () => {
  const settings = readFileSync(path.join(root, 'config.ts'), 'utf8');
  const api = loadApiConfig(environmentOf('api'));
  const worker = loadWorkerConfig(environmentOf('worker'));
  expect([api.apiHost, worker.metricsPort]).toEqual(['0.0.0.0', 7081]);
  for (const name of ['api', 'worker', 'setup']) {
    for (const key of Object.keys(environmentOf(name)).filter((each) => each.startsWith('AOS_'))) {
      expect(settings).toContain(key);
    }
  }
});

test('what runs on has a health check, images are pinned, and nothing waits for what is not there', () => {
  for (const [name, { image, healthcheck, depends_on: dependsOn = {} }] of Object.entries(services)) {
    expect(image).toMatch(/:[\d.]+/);
    if (!['setup', 'temporal-ui'].includes(name)) expect(healthcheck?.test.length).toBeGreaterThan(1);
    for (const other of Object.keys(dependsOn)) expect(Object.keys(services)).toContain(other);
  }
});
