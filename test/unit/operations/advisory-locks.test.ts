import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { advisoryLockClasses, advisoryLocks } from '../../../operations/transaction/advisory-locks';

const root = path.join(__dirname, '../../..');
const filesOf = (folder: string, end: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => ({ name, text: readFileSync(path.join(root, folder, name), 'utf8') }));
const inSchema = filesOf('prisma/migrations', '.sql').flatMap(({ text }) => [
  ...text.matchAll(/pg_\w*advisory\w*\((\d+), (\d+|hashtext)/g),
]);

test('no two advisory locks are the same', () => {
  const named = Object.values(advisoryLocks).map((lock) => lock.join());
  expect(new Set(named).size).toBe(named.length);
  const hashed = [...Object.values(advisoryLockClasses), 20302];
  expect(new Set(hashed).size).toBe(hashed.length);
  for (const [number] of Object.values(advisoryLocks)) expect(hashed).not.toContain(number);
});

test('the schema takes those that are said to be its own, and one of the vault', () => {
  const taken = new Set(inSchema.map(([, group, number]) => `${group},${number}`));
  expect([...taken].sort()).toEqual(['20302,hashtext', '20303,1', advisoryLocks.masterKeyInUse.join()]);
});

test.each(['activities', 'api', 'operations', 'prisma', 'scripts'])('%s names its locks', (folder) => {
  const files = filesOf(folder, '.ts');
  expect(files.length).toBeGreaterThan(0);
  const numbered = files.filter(({ text }) => /advisory\w*\((?:\d|hashtext\w*\(')/.test(text));
  expect(numbered.map(({ name }) => name)).toEqual([]);
});
