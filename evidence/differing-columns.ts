/** Names of the columns that say something else than the payload. */
export function differingColumns(
  columns: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(columns).filter((name) => !isSame(columns[name], payload[name]));
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
