import { compileExpression, ExpressionError } from '../../../operations/tools/policy/expression';
import { bindingsOf, type CallVariables } from '../../../operations/tools/policy/expression-bindings';

const call: CallVariables = {
  args: { amount: 250, path: '/etc/passwd', tags: ['a', 'b'], nested: { deep: true } },
  tool: 'transfer',
  server: 'bank',
  caller: { id: 'key_1', type: 'machine', roles: ['agent'] },
  risk: 'high',
  now: new Date(0),
};
const evaluate = (source: string, args = call.args) =>
  compileExpression(source).evaluate(bindingsOf({ ...call, args }));

describe('expressions over a call', () => {
  it.each([
    ['args.amount > 100', true],
    ['args.amount == 250', true],
    ['args.amount < 250', false],
    ["args.path.startsWith('/etc/')", true],
    ["args.path.matches('^/home/')", false],
    ["args.tags.exists(tag, tag == 'b')", true],
    ["args.tags.all(tag, tag != 'c') && size(args.tags) == 2", true],
    ['has(args.missing) && args.missing == 1', false],
    ["tool == 'transfer' && server in ['bank', 'till'] && 'agent' in caller.roles", true],
    ["risk == 'high' ? args.nested.deep : false", true],
    ['has(args.constructor) || has(args.__proto__)', false],
    ["now == timestamp('1970-01-01T00:00:00Z') && now.getHours() == 0", true],
  ])('%s is %s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });

  it.each([
    ['a message of protobuf', { $typeName: 'google.protobuf.Struct', fields: {}, amount: 5000 }],
    ['one that is unknown', { $typeName: 'no.such.Message', amount: 5000 }],
    ['its wrapper of a truth value', { $typeName: 'google.protobuf.BoolValue', value: false, amount: 5000 }],
    ['something that was constructed', { constructor: { name: 'Other' }, amount: 5000 }],
  ])('see all members of an object that passes itself off as %s', (_, object) => {
    expect(evaluate('has(args.amount) && args.amount > 1000', object)).toBe(true);
    expect(evaluate('has(args.of.amount) && args.of.amount > 1000', { of: object })).toBe(true);
    expect(evaluate('args.list.exists(one, has(one.amount) && one.amount > 1000)', { list: [object] })).toBe(true);
  });

  it.each([
    ['', 'expecting'],
    ['1 +', 'expecting'],
    ['process.env', 'no variable process'],
    ['args.path.frob()', 'no function frob'],
    ["args.path.replace('a', 'b') == ''", 'no function replace'],
    ['args.path.matches(args.tags[0])', 'literal patterns'],
    ["args.path.matches('(')", 'bad pattern'],
    ['args.tags.exists(a, args.tags.exists(b, a == b))', 'loop within a loop'],
    [`args.amount in [${Array.from({ length: 400 }, (_, at) => at).join(', ')}]`, 'too long'],
    ['google.protobuf.Struct{}.fields == {}', 'no message'],
  ])('%s is refused: %s', (source, message) => {
    expect(() => compileExpression(source)).toThrow(ExpressionError);
    expect(() => compileExpression(source)).toThrow(message);
  });

  it.each([
    ...['bool(args.card)', 'int(args.card) > 0', 'uint(args.card) > 0u'],
    ...[
      'timestamp(args.card) < now',
      'duration(args.card) == duration("1s")',
      'args[args.card] == 1',
      'args.list[args.at]',
    ],
  ])('%s says nothing of what the argument held', (source) => {
    const card = 'canary-4111111111111111';
    const fail = () => evaluate(source, { card, list: [], at: 4711 });
    expect(fail).toThrow(ExpressionError);
    expect(fail).not.toThrow(/canary|4711/);
  });

  it('names the argument that is missing', () => {
    expect(() => evaluate('args.missing == 1')).toThrow('field not found: missing');
  });

  it.each(['args.missing == 1', 'args.amount', "args.amount + 'x' == ''"])('%s fails rather than answers', (source) => {
    expect(() => evaluate(source)).toThrow(ExpressionError);
  });
});
