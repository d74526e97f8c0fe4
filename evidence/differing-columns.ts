import type { Payload } from './payload';

/** What the columns of an event's row should say: what its bytes say, and the hashes of these. */
export function expectedColumns(
  payload: Payload,
  hashes: { readonly integrity_hash: string; readonly leaf_hash: string },
): Payload {
  // Without a prototype: a column named like one of its members would find that.
  return Object.assign(Object.create(null) as Record<string, unknown>, payload, hashes);
}

/** Names of the columns that say something else than is expected. */
export function differingColumns(
  columns: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(columns).filter((name) => !isSame(columns[name], expected[name]));
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  if (Array.isArray(one) !== Array.isArray(other) || keys.length !== others.length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  );
}
