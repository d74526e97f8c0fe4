import type { Readable } from 'node:stream';

export interface StoredObject {
  /** SHA-256 of the bytes, 64 hex: also the key. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Content-addressed and per tenant: the same bytes are stored once, and a stored object never changes. */
export interface ObjectStore {
  /**
   * Streams the bytes in; visible only when complete and flushed to disk.
   * Over `bytesMax` it fails with `invalid_input`, and nothing is left behind.
   */
  put(
    tenantId: string,
    content: Readable | Buffer,
    options?: { readonly bytesMax?: number; readonly signal?: AbortSignal },
  ): Promise<StoredObject>;
  /** The bytes, checked against their hash; `resource_not_found` when absent, `internal_error` when damaged. */
  get(tenantId: string, sha256: string): Promise<Buffer>;
  /** The bytes as they are read; `resource_not_found` when absent. The caller knows their hash, and may check it. */
  read(tenantId: string, sha256: string): Promise<Readable>;
  exists(tenantId: string, sha256: string): Promise<boolean>;
  delete(tenantId: string, sha256: string): Promise<void>;
  /** A real write, read and delete; throws when the store cannot be used. */
  checkHealth(): Promise<void>;
}

/**
 * How objects that nobody refers to leave the store: set aside first, where they are still read, and discarded when that
 * was long ago. What is stored anew meanwhile is an object of its own, so a discard never takes it away.
 */
export interface ObjectSweep {
  /** Keys of objects that were last stored before the moment, some at a time. */
  listStored(tenantId: string, before: Date): AsyncIterable<readonly string[]>;
  /** Objects that were set aside before the moment, some at a time. */
  listSetAside(tenantId: string, before: Date): AsyncIterable<readonly StoredObject[]>;
  /** The object is read as before. One that is gone is passed by, as in the next two. */
  setAside(tenantId: string, sha256: string): Promise<void>;
  takeBack(tenantId: string, sha256: string): Promise<void>;
  discard(tenantId: string, sha256: string): Promise<void>;
  /** Removes what writers that died left half written before the moment; no name leads to it. Returns how many. */
  discardHalfWritten(tenantId: string, before: Date): Promise<number>;
}
