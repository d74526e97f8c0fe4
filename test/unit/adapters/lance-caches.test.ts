import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Session } from '@lancedb/lancedb';
import { createSession, openFolder } from '../../../activities/adapters/vector-store/lancedb/open-folder';

const folder = mkdtempSync(path.join(tmpdir(), 'aos-lance-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what a connection keeps in memory goes into the bounded session', async () => {
  const session = createSession();
  expect(session).toBeInstanceOf(Session);
  const before = session.sizeBytes();
  const connection = await openFolder(folder, session);
  const table = await connection.createTable('some', [{ id: 'a' }]);
  await table.query().toArray();
  expect(session.sizeBytes()).toBeGreaterThan(before);
  connection.close();
});
