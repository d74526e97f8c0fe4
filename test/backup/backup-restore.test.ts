import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Manifest } from '../../scripts/backup/manifest';
import { restore } from '../../scripts/restore/restore';
import type { Credentials } from '../../scripts/stack/credentials';
import { textsOf } from '../support/active-plane';
import { ApiClient } from '../support/api-client';
import { startAosProcess, type AosProcess } from '../support/aos-process';
import { onboardFolder } from '../support/file-planes';
import { freePort } from '../support/free-port';
import { writeDocuments } from '../support/generated-documents';
import { activate, aPolicyFor, waitForState } from '../support/planes';
import { until } from '../support/until';

let folder: string;
const running: AosProcess[] = [];
const at = (...names: string[]) => path.join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aos-backup-'));
});
afterAll(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await rm(folder, { recursive: true, force: true });
});

const environment = (dataDir: string) => ({
  AOS_DATA_DIR: dataDir,
  AOS_FILE_ROOTS: folder,
  AOS_EMBEDDER_THREADS: '1',
});

/** None that the system gives to others, since it is long until each of them is listened on. */
async function ports(): Promise<Record<string, string>> {
  const names = ['AOS_API_PORT', 'AOS_POSTGRES_PORT', 'AOS_TEMPORAL_PORT', 'AOS_TEMPORAL_UI_PORT'];
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, String(await freePort())])));
}

/** Servers, API and worker of a data folder, as `npm start` runs them. */
async function startStack(dataDir: string): Promise<{ stack: AosProcess; api: ApiClient; tenantId: string }> {
  const settings = { ...environment(dataDir), ...(await ports()) };
  const stack = startAosProcess('scripts/stack/main.js', settings, ['--no-example']);
  running.push(stack);
  await stack.untilLog('Ctrl-C stops everything');
  const credentials = JSON.parse(await readFile(path.join(dataDir, 'credentials.json'), 'utf8')) as Credentials;
  const [tenant] = credentials.tenants;
  return {
    stack,
    api: new ApiClient(credentials.api_url, tenant?.admin_key ?? ''),
    tenantId: tenant?.tenant_id ?? '',
  };
}

async function run(name: 'backup' | 'restore', dataDir: string, args: readonly string[]) {
  const child = startAosProcess(`scripts/${name}/main.js`, environment(dataDir), args);
  return { code: await child.ended, output: child.logLines.join('\n') };
}

const readManifest = async (): Promise<Manifest> => JSON.parse(await readFile(at('backup/manifest.json'), 'utf8'));

test('a running installation is backed up, and what is restored answers, goes on with its work and keeps its clocks', async () => {
  const first = await startStack(at('first'));
  await writeDocuments(at('few'), 5);
  const active = await onboardFolder(first.api, { name: 'active', folder: at('few') });
  await waitForState(first.api, active, 'PENDING_ACTIVATE');
  await aPolicyFor(first.api, active);
  await activate(first.api, active);
  const schedule = await first.api.put(`/planes/${active}/sync-schedule`, { interval_seconds: 3600 });
  expect(schedule.status).toBe(200);
  const answer = await textsOf(first.api, active, 'harbour ledger');
  expect(answer.length).toBeGreaterThan(0);

  // Its worker is halted, so that the other plane is in the midst of its work however fast this machine is.
  const worker = JSON.parse(await readFile(at('first/run/worker.json'), 'utf8')) as { pid: number };
  await writeDocuments(at('many'), 100);
  const moving = await onboardFolder(first.api, { name: 'moving', folder: at('many') });
  const stateOf = async (api: ApiClient) => (await api.get(`/lifecycle/${moving}/state`)).body.data;
  await until(async () => (await stateOf(first.api)).state === 'INGESTING');
  process.kill(worker.pid, 'SIGSTOP');
  const made = await run('backup', at('first'), ['--to', at('backup')]);
  expect(made).toMatchObject({ code: 0 });
  expect((await stateOf(first.api)).active_job_id).not.toBeNull();
  process.kill(worker.pid, 'SIGCONT');
  const stopped = first.stack.stop();

  expect(await run('restore', at('second'), ['--from', at('backup')])).toMatchObject({ code: 0 });
  await stopped;
  const second = await startStack(at('second'));
  expect(await textsOf(second.api, active, 'harbour ledger')).toEqual(answer);
  await until(async () => (await second.api.get(`/planes/${active}/sync-schedule`)).body.data.next_run_at !== null);
  await waitForState(second.api, moving, 'PENDING_ACTIVATE');
  expect((await second.api.get(`/planes/${moving}/documents?limit=1`)).status).toBe(200);
}, 300_000);

test('what is restored has the modes it had, and nothing of the backup is readable by others', async () => {
  const modeOf = async (...names: string[]) => (await stat(at(...names))).mode & 0o777;
  expect(await modeOf('backup')).toBe(0o700);
  for (const name of ['secrets.json', 'credentials.json', 'keys/master.key', 'keys/signing.pem']) {
    expect([name, await modeOf('second', name), await modeOf('backup', name)]).toEqual([name, 0o600, 0o600]);
  }
  expect(await modeOf('second/postgres')).toBe(0o700);
});

test('nothing is overwritten, by a backup or by a restore', async () => {
  const again = await run('backup', at('second'), ['--to', at('backup')]);
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining('is not empty') });
  const over = await run('restore', at('second'), ['--from', at('backup')]);
  expect(over).toMatchObject({ code: 1, output: expect.stringContaining('nothing is overwritten') });
  expect(await run('restore', at('third'), [])).toMatchObject({ code: 1, output: expect.stringContaining('Usage') });
});

describe('a backup that cannot be trusted or used leaves nothing behind', () => {
  const damages: [what: string, damage: (manifest: Manifest) => unknown, message: string][] = [
    ['a changed byte', () => writeFile(at('damaged/secrets.json'), '{}'), 'secrets.json is not as it was backed up'],
    ['a missing file', () => rm(at('damaged/keys/master.key')), 'keys/master.key is missing'],
    ['another kind of machine', (manifest) => (manifest.platform = 'plan9-mips'), 'cannot be read on'],
    ['another Postgres', (manifest) => (manifest.postgres = '16'), 'The backup is of Postgres 16'],
    ['a newer database', ({ migrations }) => migrations.push({ name: '9999_later', checksum: '' }), '9999_later'],
    ['a path that leads out', ({ files }) => Object.assign(files[0] ?? {}, { path: '../x' }), 'is damaged'],
  ];
  test.each(damages)('%s', async (_what, damage, message) => {
    const manifest = await readManifest();
    // Every file is treated alike, and most of them are the database's.
    const isSmall = ({ path: place }: { path: string }) => !/^(postgres|vectors|objects)/.test(place);
    const small = { ...manifest, files: manifest.files.filter(isSmall), folders: manifest.folders.filter(isSmall) };
    for (const { path: place } of small.files) await cp(at('backup', place), at('damaged', place));
    await damage(small);
    await writeFile(at('damaged/manifest.json'), JSON.stringify(small));
    const attempt = restore({ from: at('damaged'), dataDir: at('third'), say: () => {} });
    await expect(attempt).rejects.toThrow(message);
    await expect(stat(at('third'))).rejects.toThrow('ENOENT');
    await rm(at('damaged'), { recursive: true });
  });
});
