import type { SourceDatabase } from '../support/source-database';
import { createNotes, noteCount, readingFrom, textOf } from './reading';

const rows = 4;
let db: SourceDatabase;
beforeAll(async () => {
  db = await createNotes(rows);
});
afterAll(() => db.drop());

const { readAll, refused } = readingFrom(() => db);

describe('parameters', () => {
  const cases: readonly [string, unknown, string][] = [
    ['str', `x'; drop table notes; --`, `x'; drop table notes; --`],
    ['int', -7, '-7'],
    ['float', 1.5, '1.5'],
    ['bool', true, 'true'],
    ['date', '2026-02-03', '2026-02-03'],
    ['timestamp', '2026-02-03T04:05:06+01:00', '2026-02-03 03:05:06+00'],
    ['uuid', '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000a'],
    ['list[str]', [`a'b`, '{"c",}', 'null'], `{a'b,"{\\"c\\",}","null"}`],
    ['list[int]', [1, 2], '{1,2}'],
  ];
  test.each(cases)('%s is bound, never read as SQL', async (type, value, shown) => {
    const [item] = await readAll({ sql: 'select 1 as id, :p as p', parameters: { p: { type } }, params: { p: value } });
    expect(await textOf(item)).toBe(`id: 1\np: ${shown}`);
    expect(await noteCount(db)).toBe(rows);
  });

  const wrong: readonly [object, unknown][] = [
    [{ type: 'str' }, 3],
    [{ type: 'str', max_length: 2 }, 'abc'],
    [{ type: 'str' }, 'a\u0000'],
    [{ type: 'int' }, '3'],
    [{ type: 'int' }, 1.5],
    [{ type: 'int' }, 2 ** 60],
    [{ type: 'int', min: 0 }, -1],
    [{ type: 'int', max: 9 }, 10],
    [{ type: 'float' }, 'x'],
    [{ type: 'float', max: 1 }, 1.1],
    [{ type: 'bool' }, 'true'],
    [{ type: 'date' }, '2026-02-30'],
    [{ type: 'date', min: '2026-01-01' }, '2025-12-31'],
    [{ type: 'timestamp' }, '2026-02-03'],
    [{ type: 'timestamp', max: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:01Z'],
    [{ type: 'uuid' }, 'not-one'],
    [{ type: 'list[str]' }, 'x'],
    [{ type: 'list[str]' }, [1]],
    [{ type: 'list[str]', max_length: 1 }, ['a', 'b']],
    [{ type: 'list[int]' }, ['1']],
    [{ type: 'list[int]', max: 3 }, [4]],
    [{ type: 'int' }, undefined],
    [{ type: 'int' }, null],
  ];
  test.each(wrong)('%j refuses %j', async (parameter, value) => {
    const { reason } = await refused({
      sql: 'select 1 as id, :p as p',
      parameters: { p: parameter },
      params: { p: value },
    });
    expect(reason).toBe('VERIFICATION_FAILED');
  });

  test('the tenant is bound from the credential and from nowhere else', async () => {
    const sql = 'select id, owner from notes where owner = :tenant_id and id <= 4';
    const items = await readAll({ sql, tenantId: 'ten_1' });
    expect(items.map(({ name }) => name)).toEqual(['1.txt', '3.txt']);
    expect((await refused({ sql, params: { tenant_id: 'ten_0' } })).message).toMatch(/no such parameter/);
  });

  test('an optional one is null, a default is taken', async () => {
    const parameters = { a: { type: 'int', required: false }, b: { type: 'int', default: 5 } };
    const [item] = await readAll({ sql: 'select 1 as id, coalesce(:a, 3) as a, :b as b', parameters });
    expect(await textOf(item)).toBe('id: 1\na: 3\nb: 5');
  });
});
