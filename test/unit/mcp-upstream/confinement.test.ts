import { UpstreamFailure } from '../../../activities/adapters/mcp';
import { createJails } from '../../../activities/adapters/mcp/stdio/confinement';
import { childProgram } from '../../support/child-program';

const offersNothing = () => Promise.resolve(false);
const offersAll = () => Promise.resolve(true);
const offersNoNetworkOnly = (prefix: readonly string[]) => Promise.resolve(!prefix.includes('--net'));
const offersNoSpaces = (prefix: readonly string[]) => Promise.resolve(!prefix.includes('unshare'));

const anyhow = { isolation: 'as_offered' } as const;
const offline = childProgram([], anyhow);
const online = childProgram([], { ...anyhow, network: 'host' });

it.each([
  ['nothing', offersNothing],
  ['all but a space without network', offersNoNetworkOnly],
])('runs no command without network where the system offers %s', async (_what, tries) => {
  const jailFor = createJails(tries);
  await expect(jailFor(offline)).rejects.toMatchObject({ problem: 'not_permitted', reached: 'notSent' });
  expect((await jailFor(online)).missing).toContain('no network');
});

it.each([
  ['nothing', offersNothing],
  ['no spaces of its own', offersNoSpaces],
])('runs only what may be run with less where the system offers %s', async (_what, tries) => {
  const jailFor = createJails(tries);
  const required = childProgram([], { network: 'host' });
  await expect(jailFor(required)).rejects.toMatchObject({ problem: 'not_permitted', reached: 'notSent' });
  const jail = await jailFor(online);
  expect(jail.prefix('/own')).not.toContain('unshare');
  expect(jail.prefix('/own').join(' ')).not.toContain('--nproc');
  expect(jail.home('/own')).toBe('/own');
  expect(jail.missing).toContain('bounded number of processes');
});

it('takes the network away where it can, unless it is given', async () => {
  const jailFor = createJails(offersAll);
  const { prefix, applied } = await jailFor(childProgram([]));
  expect(applied).toContain('no network');
  expect(prefix('/own')).toContain('--net');
  expect((await jailFor(online)).prefix('/own')).not.toContain('--net');
});

it('shows the given folders, those that hold others first, and sets the limits for all that follows', async () => {
  const folders = [
    { path: '/srv/files/drafts', access: 'write' },
    { path: '/srv/files', access: 'read' },
  ] as const;
  const limits = { memory_mb: 16, processes: 5, open_files: 20, disk_mb: 3 };
  const jail = await createJails(offersAll)({ ...childProgram([]), folders: [...folders], limits });
  const words = jail.prefix('/own');
  expect(words.slice(words.indexOf('/own'), words.indexOf('--'))).toEqual([
    '/own',
    '3m',
    '/srv/files',
    'read',
    '/srv/files/drafts',
    'write',
  ]);
  expect(words.slice(words.indexOf('prlimit'))).toEqual([
    'prlimit',
    '--core=0',
    '--data=16777216',
    '--nofile=20',
    '--fsize=3145728',
    '--nproc=5',
  ]);
});

it('does not count as missing what it could not find out', async () => {
  const tries = jest
    .fn(offersAll)
    .mockRejectedValueOnce(new UpstreamFailure({ problem: 'cannot_connect', message: '' }, 'notSent'));
  const jailFor = createJails(tries);
  await expect(jailFor(online)).rejects.toMatchObject({ problem: 'cannot_connect' });
  expect((await jailFor(online)).applied).toContain('no new privileges, ends with the worker');
});
