import { schemaIssue } from '../../../operations/tools/policy/arguments';
import { withinTime } from '../../../operations/tools/policy/within-time';

// Nothing in this file may look at a schema before: what is made once is made at the first look.
it('looks at schemas after the clock has ended the first looks', () => {
  const endless = () => {
    schemaIssue({ type: 'object' });
    for (;;);
  };
  for (const timeoutMs of [1, 3, 9, 27]) expect(() => withinTime(endless, timeoutMs)).toThrow('took more than');
  expect(schemaIssue({ type: 'object' })).toBeUndefined();
  expect(schemaIssue({ type: 'no such type' })).toContain('type');
});
