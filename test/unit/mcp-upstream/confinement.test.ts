import { UpstreamFailure } from '../../../activities/adapters/mcp';
import { createJails } from '../../../activities/adapters/mcp/stdio/confinement';

const offersNothing = () => Promise.resolve(false);
const offersAll = () => Promise.resolve(true);
const offersNoNetworkOnly = (prefix: readonly string[]) => Promise.resolve(!prefix.includes('--net'));

it.each([
  ['nothing', offersNothing],
  ['all but a space without network', offersNoNetworkOnly],
])('runs no command without network where the system offers %s', async (_what, tries) => {
  const jailFor = createJails(tries);
  await expect(jailFor('none')).rejects.toMatchObject({ problem: 'not_permitted', reached: 'notSent' });
  expect((await jailFor('host')).missing).toContain('no network');
});

it('takes the network away where it can, unless it is given', async () => {
  const jailFor = createJails(offersAll);
  const { prefix, applied } = await jailFor('none');
  expect(applied).toContain('no network');
  expect(prefix).toContain('--net');
  expect((await jailFor('host')).prefix).not.toContain('--net');
});

it('does not count as missing what it could not find out', async () => {
  const tries = jest
    .fn(offersAll)
    .mockRejectedValueOnce(new UpstreamFailure({ problem: 'cannot_connect', message: '' }, 'notSent'));
  const jailFor = createJails(tries);
  await expect(jailFor('host')).rejects.toMatchObject({ problem: 'cannot_connect' });
  expect((await jailFor('host')).applied).toContain('namespaces of users, processes and IPC');
});
