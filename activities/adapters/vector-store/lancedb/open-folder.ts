import { connect, type Connection, Session } from '@lancedb/lancedb';

/**
 * What one process keeps in memory of indexes and of table versions. Left alone the library keeps 6 GB and 1 GB, and
 * with them a file handle for every index that a compaction has replaced. It counts what entries share anew for each.
 */
const indexCacheBytes = 64n * 1024n ** 2n;
const metadataCacheBytes = 8n * 1024n ** 2n;

export function createSession(): Session {
  return new Session(indexCacheBytes, metadataCacheBytes);
}

/** A connection whose reads see what any process has written before. */
export function openFolder(folder: string, session = createSession()): Promise<Connection> {
  // As an argument of its own, which `connect` takes as well, the library forgets the session.
  return connect(folder, { readConsistencyInterval: 0, session });
}
