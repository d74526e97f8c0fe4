import { faultIds } from '../../../chaos/faults/catalogue';
import { durationOf, planFaults } from '../../../chaos/faults/schedule';
import { createDraw } from '../../../chaos/random';

const totalMs = 300_000;
const planOf = (seed: number, faults = faultIds) => planFaults({ draw: createDraw(seed), faults, totalMs });

test('the plan of faults follows from the seed alone', () => {
  expect(planOf(7)).toEqual(planOf(7));
  expect(planOf(7)).not.toEqual(planOf(8));
});

test('every fault of moments comes up in five minutes of any seed, and all are over in time', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const plan = planOf(seed);
    const found = new Set(plan.map(({ fault }) => fault));
    expect([seed, faultIds.slice(0, 10).filter((fault) => !found.has(fault))]).toEqual([seed, []]);
    expect(plan.every(({ atMs, injection }) => atMs + durationOf(injection) <= totalMs)).toBe(true);
  }
});

test('faults that do not happen at moments make an empty plan', () => {
  expect(planOf(7, ['F11', 'F13'] as unknown as typeof faultIds)).toEqual([]);
});

test('changed code comes in once, while the load has begun and still goes on', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const [only, ...more] = planOf(seed).filter(({ fault }) => fault === 'F12');
    expect(more).toEqual([]);
    expect(only?.atMs).toBeGreaterThanOrEqual(totalMs / 4);
    expect(only?.atMs).toBeLessThanOrEqual(totalMs / 2);
  }
});

test('streams of a draw are independent of each other', () => {
  const draw = createDraw(7);
  const alone = createDraw(7).stream('a').below(1_000_000);
  draw.stream('b').below(10);
  draw.below(10);
  expect(draw.stream('a').below(1_000_000)).toBe(alone);
});
