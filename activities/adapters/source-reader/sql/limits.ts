/** What one source may hold, and what it may take to read it. */
export const sqlLimits = {
  recordsMax: 100_000,
  bytesMax: 100 * 1024 * 1024,
  /** A larger row is a dead letter. Some rows are in memory at once, so this bounds memory too. */
  rowBytesMax: 4 * 1024 * 1024,
  rowsPerFetch: 25,
  /** The id of a row stands in the checkpoint. */
  idCharactersMax: 512,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  connectTimeoutMs: 10_000,
  /** Between two pages, while documents are stored; a session that waited longer is opened anew behind the last row. */
  idleMs: 60_000,
  idleInTransactionTimeoutMs: 120_000,
} as const;
