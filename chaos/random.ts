/** Repeatable draws. Streams of different names are independent, so that a further draw in one moves no other. */
export interface Draw {
  /** A whole number from 0 up to, not including, the bound. */
  below(bound: number): number;
  between(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  shuffle<T>(from: readonly T[]): T[];
  stream(name: string): Draw;
}

export function createDraw(seed: number, name = ''): Draw {
  let state = mix(seed, name);
  // Mulberry32.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (share) => next() < share,
    pick(from) {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[below(from.length)] as (typeof from)[number];
    },
    shuffle(from) {
      const left = [...from];
      return from.map(() => left.splice(below(left.length), 1)[0] as (typeof from)[number]);
    },
    stream: (other) => createDraw(seed, `${name}/${other}`),
  };
}

// FNV-1a over the name, from the seed on.
function mix(seed: number, name: string): number {
  let hash = (2_166_136_261 ^ seed) >>> 0;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return hash;
}
