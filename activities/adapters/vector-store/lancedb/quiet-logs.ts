// The native module writes warnings about its own housekeeping to stderr, between our JSON lines; read when it loads.
process.env.LANCEDB_LOG ??= 'error';

export {};
