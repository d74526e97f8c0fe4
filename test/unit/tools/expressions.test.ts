import { compileExpression, ExpressionError } from '../../../operations/tools/policy/expression';

const bindings = {
  args: { amount: 250, path: '/etc/passwd', tags: ['a', 'b'], nested: { deep: true } },
  tool: 'transfer',
  server: 'bank',
  caller: { id: 'key_1', type: 'machine', roles: ['agent'] },
  risk: 'high',
  now: new Date(0),
};

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
  ])('%s is %s', (source, expected) => {
    expect(compileExpression(source).evaluate(bindings)).toBe(expected);
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
    const evaluate = () => compileExpression(source).evaluate({ ...bindings, args: { card, list: [], at: 4711 } });
    expect(evaluate).toThrow(ExpressionError);
    expect(evaluate).not.toThrow(/canary|4711/);
  });

  it('names the argument that is missing', () => {
    expect(() => compileExpression('args.missing == 1').evaluate(bindings)).toThrow('field not found: missing');
  });

  it.each(['args.missing == 1', 'args.amount', "args.amount + 'x' == ''"])('%s fails rather than answers', (source) => {
    expect(() => compileExpression(source).evaluate(bindings)).toThrow(ExpressionError);
  });
});
