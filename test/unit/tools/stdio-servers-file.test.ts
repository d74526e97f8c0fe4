import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, loadStackConfig } from '../../../config';
import { findOffered, offeredUrls } from '../../../contracts/stdio-servers';
import { readStdioServers } from '../../../stdio-servers';

const folder = mkdtempSync(path.join(tmpdir(), 'aos-stdio-'));

function aFile(content: unknown, mode = 0o600): string {
  const file = path.join(folder, 'servers.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return file;
}

const files = { command: process.execPath, tenants: ['ten_1'] };

test('a server gets what it is given, and else no network, no folder, no variable, small limits and full isolation', () => {
  const given = { ...files, args: ['server.js'], env: { TOKEN: 'x' }, folders: [{ path: folder, access: 'write' }] };
  const more = { network: 'host', isolation: 'as_offered', limits: { memory_mb: 2_048 }, tenants: '*' };
  expect(readStdioServers(aFile({ files, given: { ...given, ...more } }))).toEqual({
    files: {
      ...files,
      ...{ args: [], env: {}, network: 'none', folders: [], isolation: 'required' },
      limits: { memory_mb: 512, processes: 64, open_files: 1_024, disk_mb: 100 },
    },
    given: { ...given, ...more, limits: { memory_mb: 2_048, processes: 64, open_files: 1_024, disk_mb: 100 } },
  });
});

test('each tenant is offered what lists it', () => {
  const servers = readStdioServers(aFile({ files, everybody: { ...files, tenants: '*' } }));
  expect(offeredUrls(servers, 'ten_1')).toEqual(['stdio:files', 'stdio:everybody']);
  expect(offeredUrls(servers, 'ten_2')).toEqual(['stdio:everybody']);
  expect(findOffered(servers, 'ten_2', 'stdio:files')).toBeUndefined();
  expect(findOffered(servers, 'ten_1', 'stdio:files')).toMatchObject({ command: process.execPath });
});

test.each([
  ['nothing', '{'],
  ['a list', []],
  ['a name that is no slug', { 'My Files': files }],
  ['no tenants', { files: { ...files, tenants: undefined } }],
  ['no tenant', { files: { ...files, tenants: [] } }],
  ['an unknown member', { files: { ...files, shell: 'hidden' } }],
  ['a command that is looked for', { files: { ...files, command: 'node' } }],
  ['a command that is not there', { files: { ...files, command: '/nowhere/at/all' } }],
  ['a folder that is not there', { files: { ...files, folders: [{ path: '/nowhere/at/all' }] } }],
  ['everything', { files: { ...files, folders: [{ path: '/' }] } }],
  ['a way round', { files: { ...files, folders: [{ path: `${folder}/../..` }] } }],
  ['another way to programs', { files: { ...files, env: { PATH: 'hidden' } } }],
  ['a variable that is none', { files: { ...files, env: { 'A=B': 'hidden' } } }],
  ['a value that is none', { files: { ...files, env: { TOKEN: 'hidden\0' } } }],
  ['another network', { files: { ...files, network: 'hidden' } }],
  ['a limit that is none', { files: { ...files, limits: { memory_mb: 0 } } }],
])('%s ends the start with one sentence that names the setting and no value', (_, content) => {
  const load = () => loadStackConfig({ AOS_STDIO_SERVERS_FILE: aFile(content) });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/^AOS_STDIO_SERVERS_FILE .+\.$/);
  expect(load).not.toThrow(/hidden/);
});

test('a folder is not shown from inside one that a command may write to, where a link could take its place', () => {
  const inner = path.join(folder, 'inner');
  const link = path.join(folder, '..', `${path.basename(folder)}-link`);
  mkdirSync(inner, { recursive: true });
  symlinkSync(inner, link);
  const writes = { ...files, folders: [{ path: folder, access: 'write' }] };
  const load = (...paths: string[]) => {
    const reads = { ...files, folders: paths.map((each) => ({ path: each })) };
    return () => loadStackConfig({ AOS_STDIO_SERVERS_FILE: aFile({ writes, reads }) });
  };
  expect(load(folder, inner)).toThrow(/^AOS_STDIO_SERVERS_FILE names a folder inside .+: reads\.folders\.1\.$/);
  expect(load(link)).toThrow(/reads\.folders\.0/);
  expect(load(folder)).not.toThrow();
  const holds = { ...files, folders: [{ path: folder }, { path: inner, access: 'write' }] };
  expect(readStdioServers(aFile({ holds }))).toMatchObject({ holds });
  rmSync(link);
});

test('a file that is not there, or that everybody may read, is refused', () => {
  const load = (file: string) => () => loadStackConfig({ AOS_STDIO_SERVERS_FILE: file });
  expect(load(path.join(folder, 'nowhere'))).toThrow(/cannot be read \(ENOENT\)/);
  expect(load(aFile({ files }, 0o644))).toThrow(/everybody/);
  expect(load(aFile({ files }, 0o640))).not.toThrow();
});
