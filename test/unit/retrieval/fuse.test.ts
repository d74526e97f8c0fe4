import { fuseByReciprocalRank } from '../../../retrieval/fuse';

describe('fuseByReciprocalRank', () => {
  it('adds the reciprocal ranks of every list', () => {
    const fused = fuseByReciprocalRank([
      ['a', 'b'],
      ['b', 'c'],
    ]);
    expect(fused.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect(fused[0]?.score).toBeCloseTo(1 / 62 + 1 / 61);
  });

  it('orders equal scores by id, counts an id once per list, and takes another k', () => {
    expect(fuseByReciprocalRank([['b'], ['a']]).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(fuseByReciprocalRank([['a', 'a', 'b']], { k: 0 })).toEqual([
      { id: 'a', score: 1 },
      { id: 'b', score: 0.5 },
    ]);
    expect(fuseByReciprocalRank([])).toEqual([]);
    expect(fuseByReciprocalRank([[], []])).toEqual([]);
  });
});
