/**
 * Every advisory lock that is taken from here: a class, and a number within it. Releases run side by side, and functions of
 * the schema name some of them too, so a number is never changed, and what a lock is for stays its own for good.
 *
 * By the schema alone are taken: 20302 by the fence (`aos_fence`, `aos_fence_key`, and a key of 64 bits made with it), and
 * (20303, 1) while partitions of the audit are made. The vault's have the class of sealing, as its first release gave them.
 */
export const advisoryLocks = {
  /** One sealer at a time, for all trees. */
  sealing: [20304, 1],
  /** One process at a time registers a signing key. */
  signingKeys: [20304, 2],
  /** Shared while a secret is stored (in `aos_use_master_key`), alone while a master key is retired. */
  masterKeyInUse: [20304, 3],
  /** Alone while the master key is rotated, shared while a backup copies keys and database. */
  masterKeyRotation: [20304, 4],
} as const;

/** Classes whose number is the hash of what is locked. */
export const advisoryLockClasses = {
  /** Of an effect: those who resolve it wait for each other. */
  effectResolution: 20305,
  /** Of a place to which checkpoints are copied. */
  checkpointTarget: 20306,
} as const;

/** Hashed to 64 bits: objects are swept by one, and not while a backup copies them. */
export const objectsLock = 'aos:objects';
