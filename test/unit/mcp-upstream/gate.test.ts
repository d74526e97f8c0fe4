import { createGate } from '../../../activities/adapters/mcp/gate';

const options = { failures: 2, firstMs: 1_000, longestMs: 8_000 };

it('stays closed no longer for calls that were on their way when it closed', () => {
  let now = 0;
  const gate = createGate(options, () => now);
  for (let call = 0; call < 10; call += 1) gate.pass();
  for (let call = 0; call < 10; call += 1) gate.failed();
  now = 999;
  expect(() => gate.pass()).toThrow('left alone');
  now = 1_000;
  gate.pass();
  expect(() => gate.pass()).toThrow('left alone');
});

it('stays closed for twice as long each time that an attempt fails', () => {
  let now = 0;
  const gate = createGate(options, () => now);
  gate.failed();
  gate.failed();
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 8_000]) {
    now += waitMs - 1;
    expect(() => gate.pass()).toThrow('left alone');
    now += 1;
    gate.pass();
    gate.failed();
  }
});

it('is open again after an answer', () => {
  const gate = createGate(options, () => 0);
  gate.failed();
  gate.failed();
  gate.answered();
  gate.failed();
  gate.pass();
});
