import { readFileSync } from 'node:fs';
import path from 'node:path';
import { withStep } from '../../../chaos/stack/next-version';

const source = readFileSync(path.join(__dirname, '../../../workflows/knowledge-plane.ts'), 'utf8');

test('the work on planes has a place for the step of the next version', () => {
  const changed = withStep(source);
  expect(changed).toContain("if (chaosPatched('chaos-next-version')) await chaosSleep(1");
  expect(changed.length).toBeGreaterThan(source.length);
});

test('where the place has gone, or is there twice, nothing is made', () => {
  expect(() => withStep('')).toThrow('finds no place');
  expect(() => withStep(source + source)).toThrow('finds no place');
});
