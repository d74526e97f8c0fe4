import type { SealedPolicies } from '../../../contracts/policies';
import { ToolRedaction } from '../../../contracts/tool-redactions';
import { previewOf } from '../../../operations/tools/calls/preview';
import { pathIssue } from '../../../operations/tools/redaction/paths';
import { redactJson, redactResult } from '../../../operations/tools/redaction/redact';
import { redactionsOf } from '../../../operations/tools/redaction/redactions';

const people = { people: [{ name: 'Ada', ssn: '1', more: { ssn: 2 } }, { name: 'Bo' }], ssn: [1, 2] };

describe('paths', () => {
  it.each([
    ['$.people[*].ssn', 1],
    ['$..ssn', 3],
    ["$['people','ssn'][0]", 2],
    ['$.people[-1:]', 1],
    ['$.nobody', 0],
    ['$..*', 2],
  ])('%s names %s places', (path, replaced) => {
    expect(pathIssue(path)).toBeUndefined();
    expect(redactJson(people, [path])).toMatchObject({ replaced });
  });

  it('leave the value as it was, and replace whole what they name', () => {
    expect(redactJson(people, ['$.people', '$.ssn[0]'])?.value).toEqual({
      people: '[redacted]',
      ssn: ['[redacted]', 2],
    });
    expect(people.ssn).toEqual([1, 2]);
    const odd = JSON.parse('{"__proto__": {"ssn": 1}}') as unknown;
    expect(JSON.stringify(redactJson(odd, ['$..ssn'])?.value)).toBe('{"__proto__":{"ssn":"[redacted]"}}');
  });

  it.each([
    ['ssn', 'is no JSONPath'],
    ['$.people[', 'is no JSONPath'],
    ['$', 'names the whole value'],
    ['$.people[?@.ssn]', 'filters'],
    ['$..a..b', 'more than one descendant'],
    [`$${'.a'.repeat(21)}`, 'segments'],
    ['$[0,0,0][0,0,0][0,0,0]', 'branches'],
  ])('%s cannot be used: %s', (path, issue) => {
    expect(pathIssue(path)).toContain(issue);
  });

  it('say so where they cannot be followed, or not in time', () => {
    const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown;
    expect(redactJson(deep, ['$..ssn'])).toBeUndefined();
    const wide = Array.from({ length: 400_000 }, () => ({ a: [1, 2] }));
    expect(redactJson(wide, ['$..ssn', '$..x', '$..y', '$..z', '$..u', '$..v'])).toBeUndefined();
  });
});

describe('policies', () => {
  const policy = (id: string, mode: string, redaction: object) =>
    ({
      ...{ policy_id: id, name: id, enforcement_mode: mode },
      conditions: { tool_redactions: [ToolRedaction.parse(redaction)] },
    }) as SealedPolicies['policies'][number];

  it('add up where they are in force and speak of the tool', () => {
    const policies = [
      policy('a', 'BLOCK', { input: ['$.a'], result: ['$.r'] }),
      policy('b', 'WARN', { servers: ['cr*'], input: ['$.a', '$.b'] }),
      policy('c', 'AUDIT', { input: ['$.c'] }),
      policy('d', 'DISABLED', { input: ['$.d'] }),
      policy('e', 'BLOCK', { tools: ['other'], input: ['$.e'] }),
    ];
    expect(redactionsOf(policies, { server: 'crm', tool: 'read' })).toEqual({ input: ['$.a', '$.b'], result: ['$.r'] });
    expect(redactionsOf(undefined, { server: 'crm', tool: 'read' })).toEqual({ input: [], result: [] });
  });

  it('name at least one path', () => {
    expect(ToolRedaction.safeParse({}).success).toBe(false);
  });
});

describe('a result', () => {
  const text = (value: unknown) => ({ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) });

  it('loses what is named in its structured content and in text that holds JSON', () => {
    const answered = { content: [text({ ssn: '1', name: 'Ada' })], structuredContent: { ssn: '1', name: 'Ada' } };
    expect(redactResult(answered, ['$..ssn'])).toEqual({
      result: {
        content: [text({ ssn: '[redacted]', name: 'Ada' })],
        structuredContent: { ssn: '[redacted]', name: 'Ada' },
      },
      replaced: 2,
    });
  });

  it('loses whole what no path can look into', () => {
    const answered = {
      content: [
        { ...text('Ada has 1'), annotations: { audience: ['user'] } },
        text('"1"'),
        { type: 'image', data: 'AA', mimeType: 'image/png' },
        { type: 'resource', resource: { uri: 'file:///1', text: '{"ssn":1}' } },
        { type: 'resource_link', uri: 'file:///1', name: 'ssn 1' },
        text({ name: 'Ada' }),
      ],
      isError: true,
      _meta: { ssn: 1 },
    };
    const { result, replaced } = redactResult(answered, ['$..ssn']);
    const gone = text('[redacted]');
    expect(result).toEqual({ content: [gone, gone, gone, gone, gone, text({ name: 'Ada' })], isError: true });
    expect(replaced).toBe(5);
  });

  it('loses fields that the protocol does not know, and all but the last of those of one name', () => {
    const twice = text('{"person": {"ssn": 1}, "person": {"name": "Ada"}}');
    const answered = { content: [twice], isError: false, person: { ssn: 1 } };
    expect(redactResult(answered, ['$..ssn'])).toEqual({
      result: { content: [text({ person: { name: 'Ada' } })], isError: false },
      replaced: 0,
    });
  });

  it('loses all of its structure where a path cannot be followed', () => {
    const deep = JSON.parse(`{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`) as unknown;
    const { result } = redactResult({ content: [], structuredContent: deep }, ['$..ssn']);
    expect(result).toEqual({ content: [] });
  });

  it('is as it came where no policy speaks of it', () => {
    const answered = { content: [text('x')], _meta: { a: 1 } };
    expect(redactResult(answered, []).result).toBe(answered);
  });
});

it('a preview shows nothing of arguments whose paths cannot be followed', () => {
  const deep = { a: JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown };
  expect(previewOf(deep, ['$..ssn'])).toBe('"[redacted]"');
  expect(previewOf({ id: 'a', who: 'Ada' }, ['$.who'])).toBe('{"id":"a","who":"[redacted]"}');
});
