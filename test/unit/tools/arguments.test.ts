import { checkArguments, schemaIssue } from '../../../operations/tools/policy/arguments';
import { isPlainSchema } from '../../../operations/tools/policy/plain-schema';

const schema = {
  type: 'object',
  properties: { path: { type: 'string', pattern: '^/' }, size: { type: 'integer', minimum: 1 } },
  required: ['path'],
  additionalProperties: false,
};

describe('arguments against the schema of a tool', () => {
  it('takes what fits', () => {
    expect(checkArguments(schema, 'plain', { path: '/a', size: 2 })).toEqual({ isValid: true });
  });

  it.each([
    [{}, '', "must have required property 'path'"],
    [{ path: 1 }, '/path', 'must be string'],
    [{ path: 'a' }, '/path', 'must match pattern'],
    [{ path: '/a', size: 0 }, '/size', 'must be >= 1'],
    [{ path: '/a', other: 1 }, '', 'must NOT have additional properties'],
  ])('says of %j where it is wrong', (value, field, message) => {
    const check = checkArguments(schema, 'plain', value);
    expect(check).toMatchObject({ isValid: false, fault: 'arguments', issues: [{ field }] });
    expect(JSON.stringify(check)).toContain(message);
  });

  it('follows references and the keywords of 2020-12', () => {
    const recursive = {
      type: 'object',
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, tag: { const: 'x' } } } },
      properties: { root: { $ref: '#/$defs/node' }, pair: { prefixItems: [{ type: 'string' }, { type: 'number' }] } },
      dependentRequired: { pair: ['root'] },
    };
    expect(checkArguments(recursive, 'recursive', { root: { next: { next: { tag: 'x' } } } })).toEqual({
      isValid: true,
    });
    expect(checkArguments(recursive, 'recursive', { root: { next: { tag: 'y' } } })).toMatchObject({ isValid: false });
    expect(checkArguments(recursive, 'recursive', { pair: ['a', 1] })).toMatchObject({ isValid: false });
  });

  it('does not use a schema that is none', () => {
    expect(schemaIssue({ type: 'no such type' })).toContain('type');
    expect(schemaIssue({ description: 'x'.repeat(300_000) })).toContain('256 KiB');
    expect(schemaIssue(schema)).toBeUndefined();
    expect(checkArguments({ type: 'no such type' }, 'wrong type', {})).toMatchObject({ fault: 'schema' });
    const elsewhere = checkArguments({ $ref: 'https://elsewhere.example/schema' }, 'elsewhere', {});
    expect(elsewhere).toMatchObject({ fault: 'schema', message: expect.stringContaining("can't resolve reference") });
    const endless = checkArguments({ allOf: [{ $ref: '#' }] }, 'endless', {});
    expect(endless).toMatchObject({ fault: 'schema', message: expect.stringContaining('refers to itself') });
  });

  it('ends a schema that explodes', () => {
    const levels = Array.from({ length: 40 }, (_, at) => at);
    const $defs = Object.fromEntries(
      levels.map((at) => [`d${at}`, { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] }]),
    );
    const exploding = { $defs: { ...$defs, d40: { type: 'object' } }, $ref: '#/$defs/d0' };
    expect(checkArguments(exploding, 'exploding', {})).toMatchObject({ isValid: false, fault: 'schema' });
    const slow = { properties: { text: { pattern: '^(a+)+$' } } };
    const check = checkArguments(slow, 'slow pattern', { text: `${'a'.repeat(60)}b` });
    expect(check).toMatchObject({ isValid: false, fault: 'schema' });
  });

  it('takes no promise for an answer', () => {
    const promising = { ...schema, $async: true };
    expect(checkArguments(promising, 'promising', { path: 1 })).toMatchObject({ isValid: false, fault: 'arguments' });
    expect(checkArguments(promising, 'promising', { path: '/a' })).toEqual({ isValid: true });
    const within = {
      $defs: { late: { $async: true, type: 'string' } },
      properties: { path: { $ref: '#/$defs/late' } },
    };
    expect(checkArguments(within, 'promising within', { path: 1 })).toMatchObject({ isValid: false });
  });

  it('keeps the ids of one schema from another', () => {
    const one = { $id: 'urn:aos:a', properties: { x: { type: 'string' } } };
    const two = { $id: 'urn:aos:a', properties: { x: { type: 'number' } } };
    expect(checkArguments(one, 'one', { x: 'text' })).toEqual({ isValid: true });
    expect(checkArguments(two, 'two', { x: 'text' })).toMatchObject({ isValid: false, fault: 'arguments' });
    expect(schemaIssue({ ...two, title: 'third' })).toBeUndefined();
  });
});

describe('a schema whose check need not be watched', () => {
  it.each([
    [
      'of a usual tool',
      { type: 'object', properties: { id: { type: 'string', maxLength: 9 } }, required: ['id'] },
      true,
    ],
    ['that takes anything', {}, true],
    ['with lists of objects', { properties: { all: { items: { properties: { n: { enum: [1, 2] } } } } } }, true],
    ['with a pattern somewhere within', { properties: { all: { items: { pattern: 'a' } } } }, false],
    ['with a pattern for what is not named', { additionalProperties: { pattern: '^(a+)+$' } }, false],
    ['with names by pattern', { patternProperties: { a: true } }, false],
    ['that refers to another place', { properties: { a: { $ref: '#' } } }, false],
    ['with alternatives', { properties: { a: { anyOf: [{}] } } }, false],
    ['whose members must differ', { properties: { a: { uniqueItems: true } } }, false],
    ['with a format', { properties: { a: { format: 'uri-template' } } }, false],
    ['with a property that is no schema', { properties: { a: [] } }, false],
  ])('%s: %j', (_what, given, isPlain) => {
    expect(isPlainSchema(given)).toBe(isPlain);
  });

  it('is watched where both are large', () => {
    const many = Array.from({ length: 20_000 }, (_, at) => `name ${at}`);
    const large = { properties: { all: { items: { enum: many } } } };
    const check = checkArguments(large, 'large', { all: Array.from({ length: 200_000 }, () => 'name 19999') });
    expect(check).toMatchObject({ isValid: false, fault: 'schema' });
  });
});
