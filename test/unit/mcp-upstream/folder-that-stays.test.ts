import { rmdirSync } from 'node:fs';
import { defaultLimits } from '../../../activities/adapters/mcp/limits';
import { openChildTransport } from '../../../activities/adapters/mcp/stdio/open-child-transport';
import { childProgram } from '../../support/child-program';

// As for whoever may not remove what a child has left.
const unremovable: string[] = [];
jest.mock('node:fs/promises', () => ({
  ...jest.requireActual<object>('node:fs/promises'),
  rm(folder: string) {
    unremovable.push(folder);
    return Promise.reject(new Error('not permitted'));
  },
}));
afterEach(() => unremovable.splice(0).forEach((folder) => rmdirSync(folder)));

const childOf = (script: string) =>
  openChildTransport({
    server: {
      ...{ tenantId: 't1', serverId: 's1', transport: 'stdio', registeredBy: 'operator' },
      ...childProgram(['-e', script]),
    },
    jail: { prefix: () => [], home: (folder) => folder, applied: [], missing: [] },
    limits: defaultLimits,
    now: Date.now,
    onTrouble: () => {},
  });

it('closes although the folder of a child cannot be removed', async () => {
  const transport = childOf('process.stdin.resume()');
  const closed = new Promise<void>((resolve) => (transport.onclose = resolve));
  await transport.start();
  await transport.close();
  await closed;
  expect(unremovable).toHaveLength(1);
});

it('removes the folder for a command that the system does not take at all', async () => {
  await expect(childOf('a\0b').start()).rejects.toMatchObject({ problem: 'cannot_connect', reached: 'notSent' });
  expect(unremovable).toHaveLength(1);
});
