import { EngineError } from '../../../contracts/errors';
import { SqlTemplateDefinition } from '../../../contracts/sql-templates';
import { compileTemplate } from '../../../operations/sql-templates/compile-template';

const compile = (sql: string, parameters: object = {}, columns: object = { id: 'id' }) =>
  compileTemplate(SqlTemplateDefinition.parse({ name: 't', sql, parameters, columns }));

async function refused(sql: string, parameters: object = {}, columns?: object): Promise<string> {
  const error = await compile(sql, parameters, columns).then(
    () => 'accepted',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EngineError)) throw new Error(`${sql}: ${String(error)}`);
  expect(error.reason).toBe('validation_error');
  return error.message;
}

const str = { type: 'str' };

test('named parameters become numbers with the type of their declaration; the same name has one number', async () => {
  const { statement, parameterOrder } = await compile(
    'select id from t where a = :a and b = any(:ids) and c = :a and owner = :tenant_id -- :not_one\n and e = :b::int',
    { a: str, ids: { type: 'list[int]' }, b: { type: 'float' } },
  );
  expect(parameterOrder).toEqual(['a', 'ids', 'tenant_id', 'b']);
  expect(statement).toBe(
    'select id from t where a = $1::text and b = any($2::bigint[]) and c = $1::text and owner = $3::text -- :not_one\n' +
      ' and e = $4::double precision::int',
  );
});

test('what looks like a parameter inside strings, names, comments and casts is none', async () => {
  const sql = `select 'é :x', $q$ :x $q$, E'\\':x', "a:x", id::text, u&'\\0041:x', a[1 : 2] /* :x /* :x */ */ from t`;
  expect(await compile(sql)).toEqual({ statement: sql, parameterOrder: [] });
});

test('a semicolon at the end is left away, one inside a string stays', async () => {
  expect((await compile(`select ';' as id ; -- done`)).statement.trim()).toBe(`select ';' as id`);
});

test.each([
  ['select 1; drop table t', /holds 2/],
  ['select 1;;select 2', /holds 2/],
  ['', /empty/],
  ['-- nothing', /holds 0/],
  [`select 1) as q; delete from t where (1=1`, /syntax error/],
  [`select 1) q, (select 2`, /syntax error/],
  ['select 1 /* open', /string or a comment/],
  [`select 'open`, /string or a comment/],
  ['copy t to stdout', /no SELECT/],
  [`copy t to program 'sh'`, /no SELECT/],
  ['insert into t values (1) returning id', /no SELECT/],
  ['update t set a = 1', /no SELECT/],
  ['do $$ begin end $$', /no SELECT/],
  ['set role postgres', /no SELECT/],
  ['begin', /no SELECT/],
  ['explain analyze delete from t', /no SELECT/],
  ['with x as (delete from t returning id) select * from x', /writes/],
  ['select * from (with y as (select 1) select * from y) z into t2', /syntax error|INTO/],
  ['select id into t2 from t', /INTO/],
  ['select id from t for update', /FOR UPDATE/],
  ['select * from (select id from t for share) x', /FOR UPDATE/],
  ['select $1', /has no name/],
  ['select :nobody', /not declared/],
  ['select :"a"', /syntax error/],
])('refuses %s', async (sql, message) => {
  expect(await refused(sql)).toMatch(message);
});

test('a text that is nested very deeply is read or refused, and the next one is read', async () => {
  for (const deep of ['+1'.repeat(9_900), `${'('.repeat(9_900)}1`, '- '.repeat(9_900) + '1']) {
    const outcome = await compile(`select 1 as id, 1 + ${deep}`.slice(0, 20_000)).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(EngineError);
  }
  expect((await compile('select 1 as id')).parameterOrder).toEqual([]);
});

test('declarations must fit their type and be used', async () => {
  expect(await refused('select 1 as id', { a: str })).toMatch(/does not use it/);
  expect(await refused('select :tenant_id as id', { tenant_id: str })).toMatch(/credential/);
  const wrong: object[] = [
    { type: 'str', min: 1 },
    { type: 'int', min: 'a' },
    { type: 'int', max_length: 3 },
    { type: 'date', min: 3 },
    { type: 'date', max: 'tomorrow' },
    { type: 'bool', max: 1 },
    { type: 'uuid', default: 'x' },
    { type: 'int', max: 3, default: 4 },
    { type: 'list[int]', default: [1.5] },
    { type: 'timestamp', default: '2027-01-01' },
  ];
  for (const a of wrong) expect(await refused('select :a as id', { a })).toMatch(/parameters\.a/);
});
