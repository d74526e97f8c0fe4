import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, loadStackConfig } from '../../../config';
import { readSqlConnections } from '../../../sql-connections';

const folder = mkdtempSync(path.join(tmpdir(), 'aos-sql-'));

function aFile(content: unknown, mode = 0o600): string {
  const file = path.join(folder, 'connections.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return file;
}

const parts = { host: 'db.example', database: 'crm', user: 'reader', tenants: ['ten_1'] };

test('connections are read by parts or by URL; TLS is checked unless the server is this machine', () => {
  const file = aFile({
    parts: { ...parts, password_file: '/run/secrets/crm' },
    url: { url: 'postgresql://re%20ader:p%40ss@127.0.0.1:5433/cr%6D', tenants: '*' },
    own: { ...parts, password: 'x', ssl: { ca_file: 'ca.pem' }, allow_writable_role: true },
  });
  expect(readSqlConnections(file)).toMatchObject({
    parts: { host: 'db.example', port: 5432, ssl: true, passwordFile: '/run/secrets/crm', allowWritableRole: false },
    url: {
      host: '127.0.0.1',
      port: 5433,
      database: 'crm',
      user: 're ader',
      password: 'p@ss',
      ssl: false,
      tenants: '*',
    },
    own: { ssl: { ca_file: 'ca.pem', verify: true }, allowWritableRole: true },
  });
});

test.each([
  ['nothing', '{'],
  ['a list', []],
  ['no tenants', { a: { ...parts, tenants: undefined, password: 'hidden' } }],
  ['no tenant', { a: { ...parts, tenants: [], password: 'hidden' } }],
  ['an unknown member', { a: { ...parts, sslmode: 'hidden' } }],
  ['two passwords', { a: { ...parts, password: 'hidden', password_file: 'f' } }],
  ['another scheme', { a: { url: 'mysql://u:hidden@h/d', tenants: '*' } }],
  ['settings in the URL', { a: { url: 'postgresql://u:hidden@h/d?sslmode=disable', tenants: '*' } }],
  ['no database', { a: { url: 'postgresql://u:hidden@h', tenants: '*' } }],
  ['no user', { a: { url: 'postgresql://h/d', tenants: '*', password_file: 'hidden' } }],
  ['a wrong port', { a: { ...parts, port: 'hidden' } }],
  ['a wrong name', { 'a b': { ...parts, password: 'hidden' } }],
])('%s ends the start with one sentence that names the setting and no secret', (_, content) => {
  const load = () => loadStackConfig({ AOS_SQL_CONNECTIONS_FILE: aFile(content) });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/^AOS_SQL_CONNECTIONS_FILE .+\.$/);
  expect(load).not.toThrow(/hidden/);
});

test('a file that is not there, or that everybody may read, is refused', () => {
  const load = (file: string) => () => loadStackConfig({ AOS_SQL_CONNECTIONS_FILE: file });
  expect(load(path.join(folder, 'nowhere'))).toThrow(/cannot be read \(ENOENT\)/);
  expect(load(aFile({ a: parts }, 0o644))).toThrow(/everybody/);
  expect(load(aFile({ a: parts }, 0o640))).not.toThrow();
});
