import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** One HTTP attempt. `callId` joins what was sent with what came of it; a repetition is a call of its own. */
export const LedgerCall = z.object({
  callId: z.string(),
  client: z.string(),
  tenantId: z.string(),
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  /** Below /api/v1, without origin and query. */
  path: z.string(),
  idempotencyKey: z.string().nullable(),
  /** SHA-256 over the body, in hex; of an upload, over the names and contents of its files. */
  bodyHash: z.string().nullable(),
  /** The answer is stored under the key, so that the same call has the same answer. Retrieval decides anew. */
  isAnswerStored: z.boolean(),
});

/** A throw that was answered, or a release that is about to be sent. */
export const LedgerSwitch = z.object({
  switch_id: z.string(),
  epoch: z.number().int(),
  scope_type: z.string(),
  scope_id: z.string(),
  /** Whose switch it is; null is the operator's, which binds every tenant. */
  tenant_id: z.string().nullable(),
  kind: z.enum(['kill', 'stop', 'pause', 'degraded']),
  enabled: z.boolean(),
  /**
   * `pg_current_snapshot()`, read after the answer to a throw and before a release is sent: what is not visible in the
   * first and visible in the second was committed while the switch was on. Absent when Postgres could not be asked.
   */
  snapshot: z.string().optional(),
  /** `pg_current_wal_flush_lsn()` of the same moment. */
  acknowledged_at_lsn: z.string().optional(),
});

const line = { at: z.iso.datetime(), seq: z.number().int().positive() };

export const LedgerLine = z.discriminatedUnion('kind', [
  z.object({
    ...line,
    kind: z.literal('sent'),
    call: LedgerCall,
    /** The switch that this call is about to release. */
    releasing: LedgerSwitch.optional(),
  }),
  z.object({
    ...line,
    kind: z.literal('answered'),
    call: LedgerCall,
    status: z.number().int(),
    answer: z.object({
      /** Every `…_id` of the answer's data, the first of each name. */
      ids: z.record(z.string(), z.string()),
      /** SHA-256 over the canonical form of the data, of refusals over code and reason. */
      hash: z.string(),
      code: z.string().optional(),
      reason: z.string().optional(),
    }),
    acknowledgedSwitch: LedgerSwitch.optional(),
  }),
  /** The connection ended, or the time was up, before an answer: the call may have had its effect or not. */
  z.object({ ...line, kind: z.literal('unknown'), call: LedgerCall, error: z.string() }),
  /** A fixture outside of AOS was reached. Reading a source and embedding a text may happen more than once, a call of a tool not. */
  z.object({
    ...line,
    kind: z.literal('effect'),
    sink: z.enum(['http-source', 'embedder', 'tool']),
    /** Of a tool, the hash of the arguments, as the row of its call has it. */
    key: z.string(),
    mayRepeat: z.boolean(),
  }),
  /** A fault begins, or has been taken back. */
  z.object({ ...line, kind: z.literal('fault'), fault: z.string(), isOver: z.boolean() }),
  /** Postgres has ended, to its last process; or is about to be started again. */
  z.object({ ...line, kind: z.literal('outage'), store: z.literal('postgres'), isOver: z.boolean() }),
]);

export type LedgerCall = z.infer<typeof LedgerCall>;
export type LedgerSwitch = z.infer<typeof LedgerSwitch>;
export type LedgerLine = z.infer<typeof LedgerLine>;
type Unnumbered<Line> = Line extends unknown ? Omit<Line, 'at' | 'seq'> : never;

export interface Ledger {
  /** Returns when the line is on the disk. */
  write(line: Unnumbered<LedgerLine>): void;
  close(): void;
}

/** Numbers and dates lines and appends them, each synced: what happened after a line was written comes after it here too. */
export function openLedger(file: string): Ledger {
  const descriptor = openSync(file, 'a', 0o600);
  let seq = 0;
  return {
    write(unnumbered) {
      seq += 1;
      writeSync(descriptor, `${JSON.stringify({ at: new Date().toISOString(), seq, ...unnumbered })}\n`);
      fsyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** Every line of the file, checked; a last line that was cut off by a crash of the writer is left out. */
export function readLedger(file: string): LedgerLine[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  return lines.map((text) => LedgerLine.parse(JSON.parse(text)));
}
