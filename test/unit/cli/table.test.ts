import { renderFields } from '../../../cli/table';

test('what holds much is told in lines of its own, and a little on one', () => {
  const shown = renderFields([
    ['healthy', true],
    ['components', { database: { healthy: true }, workers: { healthy: false, message: 'no worker polls aos' } }],
    ['sources', [{ name: 'a', config: { path: '/a' } }, { name: 'b' }]],
    ['policies', ['pol_1', 'pol_2']],
    ['none', {}],
  ]);
  expect(shown).toBe(
    [
      'healthy     yes',
      'components',
      '  database  healthy=yes',
      '  workers   healthy=no message=no worker polls aos',
      'sources',
      '  -',
      '    name    a',
      '    config  path=/a',
      '  name=b',
      'policies    pol_1, pol_2',
      'none        –',
      '',
    ].join('\n'),
  );
});
