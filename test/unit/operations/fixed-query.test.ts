import { sql } from 'kysely';
import { fixedQuery } from '../../../operations/transaction/fixed-query';

interface Asked {
  readonly planeId: string | null;
  readonly status: string;
}

const build = jest.fn((db: Parameters<Parameters<typeof fixedQuery>[0]>[0], { planeId, status }: Asked) =>
  db
    .selectFrom('knowledge_planes')
    .select(['plane_id', sql<string>`${status}::text`.as('asked')])
    .where('status', '=', status)
    .where('plane_id', '=', planeId),
);
const planes = fixedQuery(build);

test('a statement is built once, and each value goes where it belongs', () => {
  const first = planes({ planeId: 'kp_1', status: 'ACTIVE' });
  const second = planes({ status: 'DRAFT', planeId: 'kp_2' });
  expect(build).toHaveBeenCalledTimes(1);
  expect(first.sql).toBe(
    'select "plane_id", $1::text as "asked" from "knowledge_planes" where "status" = $2 and "plane_id" = $3',
  );
  expect(second.sql).toBe(first.sql);
  expect(first.parameters).toEqual(['ACTIVE', 'ACTIVE', 'kp_1']);
  expect(second.parameters).toEqual(['DRAFT', 'DRAFT', 'kp_2']);
});

test.each([null, `x' or true --`, '$1'])('the value %j is a parameter and never text', (planeId) => {
  const query = planes({ planeId, status: 'ACTIVE' });
  expect(query.parameters[2]).toBe(planeId);
  expect(query.sql).not.toContain('or true');
});
