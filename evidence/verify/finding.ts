/** What was looked at when something wrong was found. */
export type Check =
  | 'format'
  | 'truncated'
  | 'bytes'
  | 'integrity_hash'
  | 'leaf_hash'
  | 'payload'
  | 'tenant'
  | 'column'
  | 'selection'
  | 'sequence'
  | 'duplicate'
  | 'previous_hash'
  | 'count'
  | 'tree'
  | 'unsealed'
  | 'checkpoint'
  | 'signature'
  | 'unknown_key'
  | 'key_chain'
  | 'consistency'
  | 'outside_checkpoint';

/** One thing that is wrong, and where. */
export interface Finding {
  readonly check: Check;
  /** A sentence that names what is, and what should be. */
  readonly message: string;
  /** Of the leaf. */
  readonly index?: number;
  readonly event_id?: string;
  readonly field?: string;
  /** Line of the file, from 1. */
  readonly line?: number;
}

export interface Findings {
  /** The first ones, in the order in which they were found. */
  readonly list: readonly Finding[];
  readonly total: number;
  add(finding: Finding): void;
}

/** Keeps the first `max` findings and counts the rest: a file of which everything is wrong must not fill the memory. */
export function collectFindings(max: number): Findings {
  const list: Finding[] = [];
  let total = 0;
  return {
    list,
    get total() {
      return total;
    },
    add(finding) {
      total += 1;
      if (list.length < max) list.push(finding);
    },
  };
}
