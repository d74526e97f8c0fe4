import { logEntry } from '../../../activities/adapters/mcp/log-entry';
import { createCallWatchers } from '../../../operations/tools/calls/call-watchers';

const entry = (level: 'debug' | 'info' | 'error') => ({ level, data: level });

test('those who watch a call hear what they asked for, and only while they watch', () => {
  const watchers = createCallWatchers();
  const heard: string[] = [];
  const stop = watchers.watch('inv_a', { log: { level: 'error', on: ({ level }) => heard.push(`one ${level}`) } });
  watchers.watch('inv_a', {
    onProgress: ({ progress }) => heard.push(`two ${progress}`),
    log: { level: 'info', on: ({ level }) => heard.push(`two ${level}`) },
  });
  const all = watchers.of('inv_a');
  expect(all.log?.level).toBe('info');
  all.log?.on(entry('debug'));
  all.log?.on(entry('error'));
  all.onProgress?.({ progress: 1 });
  stop();
  all.log?.on(entry('error'));
  expect(heard).toEqual(['one error', 'two error', 'two 1', 'two error']);
});

test('of a call that nobody watches nothing is asked for', () => {
  const watchers = createCallWatchers();
  watchers.watch('inv_a', {})();
  expect(watchers.of('inv_a')).toEqual({});
  watchers.watch('inv_b', {});
  expect(watchers.of('inv_b')).toEqual({});
});

test('whoever watches a call hears of its end, and of no other', () => {
  const watchers = createCallWatchers();
  const heard: string[] = [];
  const stop = watchers.watch('inv_a', { onSettled: () => heard.push('one') });
  watchers.watch('inv_a', { onSettled: () => heard.push('two') });
  watchers.watch('inv_b', { onSettled: () => heard.push('another') });
  watchers.settled('inv_a');
  stop();
  watchers.settled('inv_a');
  expect(heard).toEqual(['one', 'two', 'two']);
  expect(watchers.of('inv_a')).toEqual({});
});

test('an entry is what the protocol says, is bounded, and holds no secret that was sent', () => {
  const secrets = ['to"ken-123456'];
  expect(logEntry({ level: 'info', logger: 'a\u202eb', data: { said: 'to"ken-123456!' } }, secrets)).toEqual({
    ...{ level: 'info', logger: 'a b', data: { said: '[secret]!' } },
  });
  expect(logEntry({ level: 'info', data: null }, [])).toEqual({ level: 'info', data: null });
  expect(logEntry({ level: 'info', data: { at: 1_234_567 } }, ['123456'])).toBeUndefined();
  for (const params of [
    { level: 'loud', data: 1 },
    null,
    'x',
    { level: 'info' },
    { level: 'info', data: 'x'.repeat(70_000) },
  ]) {
    expect(logEntry(params, secrets)).toBeUndefined();
  }
});
