import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../../config';
import { writeExampleServers } from '../../../scripts/stack/example-servers';
import { readStdioServers } from '../../../stdio-servers';

it('offers the example to the first tenant alone, with its own files and those of Node', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'aos-example-'));
  const keysOf = (id: string) => ({ tenant_id: id, admin_key: '', developer_key: '', viewer_key: '', auditor_key: '' });
  const keys = { operator_key: '', tenants: [keysOf('ten_1'), keysOf('ten_2')] };
  const { tickets } = readStdioServers(await writeExampleServers({ dataDir, keys }));
  expect(tickets).toMatchObject({ tenants: ['ten_1'], network: 'none', isolation: 'required' });
  const node = path.dirname(process.execPath);
  const lib = path.resolve(node, '../lib');
  const shown = tickets?.folders.map((folder) => folder.path).filter((each) => each !== lib);
  expect(shown).toEqual([path.join(projectRoot(), 'examples/tools'), path.join(projectRoot(), 'node_modules'), node]);
  expect(tickets?.folders.every(({ access }) => access === 'read')).toBe(true);
  rmSync(dataDir, { recursive: true });
});
