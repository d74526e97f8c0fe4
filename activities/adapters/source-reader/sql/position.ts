/** Where a reading is: behind which id, and how much it has read so far, so that limits hold across attempts. */
export interface Position {
  readonly after: string | null;
  readonly records: number;
  readonly bytes: number;
}

export function readPosition(cursor: string | null): Position {
  if (cursor === null) return { after: null, records: 0, bytes: 0 };
  const [, after = '', records, bytes] = /^([^]*) (\d+) (\d+)$/.exec(cursor) ?? [];
  return { after, records: Number(records), bytes: Number(bytes) };
}

// The counts stand at the end: two positions then differ in their last characters, from which the key of a page is made.
export function writePosition({ after, records, bytes }: Position): string {
  return `${after ?? ''} ${records} ${bytes}`;
}
