import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { loadApiConfig, loadWorkerConfig } from '../../../config';
import { nodeOptions } from '../../../scripts/stack/node-options';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly read_only?: boolean;
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const root = path.join(__dirname, '../../..');
const { version, scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string;
  scripts: Readonly<Record<string, string>>;
};
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
  const settings = ['config.ts', 'setting-groups.ts']
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
    .join('');
  const api = loadApiConfig(environmentOf('api'));
  const worker = loadWorkerConfig(environmentOf('worker'));
  expect([api.apiHost, worker.metricsPort]).toEqual(['0.0.0.0', 7081]);
  for (const name of ['api', 'worker', 'setup']) {
    for (const key of Object.keys(environmentOf(name)).filter((each) => each.startsWith('AOS_'))) {
      expect(settings).toContain(key);
    }
  }
});

test('API and worker give freed memory back, as under npm start', () => {
  for (const name of ['api', 'worker']) expect(environmentOf(name).MALLOC_ARENA_MAX).toBe('2');
});

test('what runs on has a health check, images are pinned, and nothing waits for what is not there', () => {
  for (const [name, { image, healthcheck, depends_on: dependsOn = {} }] of Object.entries(services)) {
    expect(image).toMatch(/:[\d.]+/);
    if (!['setup', 'temporal-ui'].includes(name)) expect(healthcheck?.test.length).toBeGreaterThan(1);
    for (const other of Object.keys(dependsOn)) expect(Object.keys(services)).toContain(other);
  }
});

const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => line.split(' '));
const stages = dockerfile.filter(([word]) => word === 'FROM').map(([, from = '', , name = '']) => ({ from, name }));

/** The lines of a stage, without those of the stage that it is made from. */
function linesOf(stage: string): string[][] {
  const start = dockerfile.findIndex(([word, , , name]) => word === 'FROM' && name === stage);
  const rest = dockerfile.slice(start + 1);
  const end = rest.findIndex(([word]) => word === 'FROM');
  return end < 0 ? rest : rest.slice(0, end);
}

test('Node is told the same wherever API and worker are started', () => {
  for (const [name, program] of [
    ['api', 'dist/api/server.js'],
    ['worker', 'dist/worker.js'],
  ] as const) {
    expect(services[name]?.command).toEqual(['node', ...nodeOptions(name), program]);
    const heap = nodeOptions(name).filter((option) => option !== '--enable-source-maps');
    expect(scripts[`start:${name}`]).toBe(['node', ...heap, program].join(' '));
  }
  const [, ...words] = linesOf('runtime').find(([word]) => word === 'CMD') ?? [];
  expect(JSON.parse(words.join(' '))).toEqual(services['api']?.command);
});

test('our own images are built here, from a pinned image, and nothing in them runs as root', () => {
  for (const { from } of stages) {
    expect(stages.some(({ name }) => name === from) || /^[a-z]+:\d+\.\d+\.\d+-[a-z-]+$/.test(from)).toBe(true);
  }
  for (const name of ['api', 'worker', 'setup']) {
    const { build, image, read_only: readOnly, volumes } = services[name] ?? fail(name);
    expect(build).toEqual({ context: '.', target: name === 'setup' ? 'setup' : 'runtime' });
    expect(image).toBe(`${name === 'setup' ? 'aos-setup' : 'aos'}:${version}`);
    expect([readOnly, volumes]).toEqual([true, ['data:/data']]);
  }
  expect(linesOf('runtime')).toContainEqual(['USER', 'node']);
  expect(linesOf('setup').some(([word]) => word === 'USER')).toBe(false);
  expect(stages.find(({ name }) => name === 'setup')?.from).toBe('runtime');
});

test('what the images copy and start is there, and their context leaves secrets and data behind', () => {
  const copied = ['runtime', 'setup'].flatMap((stage) => linesOf(stage).filter(([, from]) => from === '--from=build'));
  const built = ['dist', 'node_modules'];
  for (const [, , place = ''] of copied) {
    const name = place.replace('/app/', '');
    expect([name, built.includes(name) || existsSync(path.join(root, name))]).toEqual([name, true]);
  }
  const started = JSON.stringify([dockerfile, Object.values(services).map(({ command }) => command)]);
  const programs = [...started.matchAll(/dist\/([\w/-]+)\.js/g)].map(([, name = '']) => name);
  expect(new Set(programs)).toEqual(new Set(['api/server', 'worker', 'scripts/setup']));
  for (const name of programs) expect(existsSync(path.join(root, `${name}.ts`))).toBe(true);

  const ignored = readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['.*', '!.npmrc', 'node_modules', '**/*.key', '**/credentials.json']));
  expect(dockerfile.filter(([word]) => word === 'ARG')).toEqual([]);
  const set = dockerfile.filter(([word]) => word === 'ENV').flatMap(([, ...pairs]) => pairs);
  expect(set.filter((pair) => /PASSWORD|SECRET|TOKEN|KEY|DATABASE/.test(pair))).toEqual([]);
});

function fail(name: string): never {
  throw new Error(`compose.yaml has no service ${name}`);
}
