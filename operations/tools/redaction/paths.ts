import { JSONPathEnvironment, jsonpath, type JSONPathQuery, type JSONValue } from 'json-p3';

const environment = new JSONPathEnvironment({ maxRecursionDepth: 512 });
const segmentsMax = 20;
// What a path selects grows by this factor at most over the size of the value.
const branchesMax = 16;

const remembered = new Map<string, JSONPathQuery>();
const rememberedMax = 2_000;

/** What keeps a path from being used, or nothing. */
export function pathIssue(source: string): string | undefined {
  let query: JSONPathQuery;
  try {
    query = compilePath(source);
  } catch (error) {
    return `is no JSONPath: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { segments } = query;
  if (segments.length === 0) return 'names the whole value; name what is in it, such as $.*';
  if (segments.length > segmentsMax) return `has more than ${segmentsMax} segments`;
  if (segments.filter((each) => each.toString().startsWith('..')).length > 1) {
    return 'has more than one descendant segment (..)';
  }
  const branches = segments.reduce((product, { selectors }) => product * selectors.length, 1);
  if (branches > branchesMax) return `branches more than ${branchesMax} times`;
  const isFiltering = segments.some(({ selectors }) =>
    selectors.some((each) => each instanceof jsonpath.selectors.FilterSelector),
  );
  return isFiltering ? 'filters (?), which a redaction may not' : undefined;
}

/** Puts the mark in the place of all that the paths select, inside the value. Returns how many places that were. */
export function replaceAt(value: JSONValue, paths: readonly string[], mark: string): number {
  let replaced = 0;
  for (const path of paths) {
    for (const { location } of compilePath(path).query(value).nodes) {
      if (replaceOne(value, location, mark)) replaced += 1;
    }
  }
  return replaced;
}

// A place may be gone with the one around it.
function replaceOne(value: JSONValue, location: readonly (string | number)[], mark: string): boolean {
  const parent = location.slice(0, -1).reduce<unknown>((inner, key) => memberOf(inner, key), value);
  const last = location.at(-1);
  if (last === undefined || memberOf(parent, last) === undefined) return false;
  (parent as Record<string | number, unknown>)[last] = mark;
  return true;
}

function memberOf(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}

function compilePath(source: string): JSONPathQuery {
  const known = remembered.get(source);
  if (known !== undefined) return known;
  const query = environment.compile(source);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? source);
  remembered.set(source, query);
  return query;
}
