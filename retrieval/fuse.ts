export interface FusedItem {
  readonly id: string;
  /** Sum of `1 / (k + rank)` over the lists that hold the item; ranks begin at 1. */
  readonly score: number;
}

/**
 * Fuses ranked lists of ids, best first, by reciprocal rank; an id counts once per list, at its best place.
 * Equal scores are ordered by id, so that the result depends on the lists only.
 */
export function fuseByReciprocalRank(
  lists: readonly (readonly string[])[],
  { k = 60 }: { readonly k?: number } = {},
): FusedItem[] {
  const scores = new Map<string, number>();
  for (const list of lists) {
    [...new Set(list)].forEach((id, index) => scores.set(id, (scores.get(id) ?? 0) + 1 / (k + index + 1)));
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : Number(a.id > b.id)));
}
