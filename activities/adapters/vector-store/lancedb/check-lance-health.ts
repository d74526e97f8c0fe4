import { randomUUID } from 'node:crypto';
import { openFolder } from './open-folder';

/** Makes a table of one row, reads it back and drops it; throws when any of that fails. */
export async function checkLanceHealth(folder: string): Promise<void> {
  const connection = await openFolder(folder);
  const name = `health_${randomUUID()}`;
  const table = await connection.createTable(name, [{ id: name }]);
  const rows = await table.countRows();
  await connection.dropTable(name);
  connection.close();
  if (rows !== 1) throw new Error('The vector store did not return what was written.');
}
