/** A signed checkpoint as it leaves the database. */
export interface CheckpointCopy {
  readonly checkpoint_id: string;
  readonly tenant_id: string;
  readonly epoch: number;
  readonly tree_size: number;
  readonly key_id: string;
  readonly created_at: string;
  /** The signed note (C2SP). */
  readonly note: string;
}

/** A place outside the database that keeps checkpoints. */
export interface CheckpointTarget {
  readonly name: 'folder' | 'objects' | 'webhook';
  /** Keeps them for good before it returns. The same ones may come again, and are told by their ids. */
  copy(checkpoints: readonly CheckpointCopy[]): Promise<void>;
}
