import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Compilable,
  type CompiledQuery,
} from 'kysely';
import type { DB } from '../../prisma/generated/database';

const printer = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Stands for a value until there is one. */
class Place {
  constructor(readonly name: string) {}
}

/**
 * A statement that is built and printed once, for those that are sent all the time: Kysely takes longer to do so than the
 * driver to send it. `build` gets places instead of values, so its text cannot depend on them: a value can only be a
 * parameter, and null is compared as `=` compares it.
 */
export function fixedQuery<Values extends object, Row>(
  build: (db: Kysely<DB>, values: Values) => Compilable<Row>,
): (values: Values) => CompiledQuery<Row> {
  let printed: CompiledQuery<Row> | undefined;
  return (values) => {
    printed ??= build(printer, places<Values>()).compile();
    return { ...printed, parameters: printed.parameters.map((each) => valueAt(each, values)) };
  };
}

function places<Values extends object>(): Values {
  return new Proxy({} as Values, { get: (_, name) => new Place(String(name)) });
}

function valueAt(parameter: unknown, values: object): unknown {
  return parameter instanceof Place ? values[parameter.name as keyof typeof values] : parameter;
}
