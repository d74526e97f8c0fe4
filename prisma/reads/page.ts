export interface PageRequest<Key> {
  readonly limit: number;
  /** The key of the last row that the caller has seen. */
  readonly after: Key | undefined;
}

export interface PageOf<Row, Key> {
  readonly rows: readonly Row[];
  /** Null at the end of the list. */
  readonly next: Key | null;
}

/** A page from one row more than asked for: that row only tells whether there is a next page. */
export function pageOf<Row, Key>(found: readonly Row[], limit: number, keyOf: (row: Row) => Key): PageOf<Row, Key> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? keyOf(last) : null };
}

/** Rows that come after the key in the order newest first. */
export function olderThan<IdField extends string>(
  [createdAt, id]: readonly [string, string],
  idField: IdField,
): { OR: [{ createdAt: { lt: Date } }, { createdAt: Date } & Record<IdField, { lt: string }>] } {
  const time = new Date(createdAt);
  const sameTime = { createdAt: time, [idField]: { lt: id } } as { createdAt: Date } & Record<IdField, { lt: string }>;
  return { OR: [{ createdAt: { lt: time } }, sameTime] };
}
