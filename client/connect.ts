import { Connection, type ConnectionOptions } from '@temporalio/client';

/** A connection that is made on first use, so that a process starts before its server does. */
export function connectLazily(options: ConnectionOptions): Connection {
  return Connection.lazy(options);
}
