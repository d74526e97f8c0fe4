import { SqlConnectionsFile, type SqlConnections } from './contracts/sql-connections';
import { readOperatorFile } from './operator-file';

/** The connections that the operator's file names. */
export function readSqlConnections(file: string): SqlConnections {
  return readOperatorFile(file, { schema: SqlConnectionsFile, what: 'connections', isSecret: true });
}
