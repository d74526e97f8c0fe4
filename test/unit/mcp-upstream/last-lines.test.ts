import { createLastLines } from '../../../activities/adapters/mcp/stdio/last-lines';
import { strangersWords } from '../../../activities/adapters/mcp/strangers-words';

const key = '-----BEGIN KEY-----\nQUJDREVGRw==\nSElKS0xNTg==\n-----END KEY-----';
const token = 'tok-0123456789abcdef';

function lastOf(chunks: readonly string[], secrets: readonly string[] = [key, token]): string {
  const lines = createLastLines(secrets);
  for (const chunk of chunks) lines.take(Buffer.from(chunk));
  return lines.read();
}

it('tells the last lines in one', () => {
  expect(lastOf(['1\n2\n3\n', '4\n5\n6\n'])).toBe('2 | 3 | 4 | 5 | 6');
});

it('knows a secret of several lines', () => {
  expect(lastOf([`no good: ${key}\n`])).toBe('no good: [secret]');
});

it('knows a secret that comes in pieces', () => {
  expect(lastOf([`it is ${token.slice(0, 7)}`, token.slice(7, 9), token.slice(9)])).toBe('it is [secret]');
  expect(lastOf([...`é ${key}`].map((each) => each))).toBe('é [secret]');
});

it.each([1_985, 1_990, 1_995, 2_000])(
  'shows no part of a secret that stands %d characters before the end',
  (behind) => {
    const words = lastOf([`${'a'.repeat(3_000)}${token}${'b'.repeat(behind)}`]);
    expect(words).not.toMatch(/\d|cdef/);
  },
);

it('takes a secret out whole that begins with another', () => {
  expect(strangersWords('it is tok-012345678', ['tok-0123', 'tok-012345678'])).toBe('it is [secret]');
});
