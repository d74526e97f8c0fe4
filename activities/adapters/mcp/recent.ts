export interface Recent<T> {
  get(key: string, make: () => T): T;
}

/** Remembers what was asked for most recently, and no more than so many. */
export function recent<T>(sizeMax: number): Recent<T> {
  const known = new Map<string, T>();
  return {
    get(key, make) {
      const value = known.get(key) ?? make();
      known.delete(key);
      known.set(key, value);
      if (known.size > sizeMax) known.delete(known.keys().next().value ?? '');
      return value;
    },
  };
}
