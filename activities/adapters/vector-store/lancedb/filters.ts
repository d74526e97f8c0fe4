import { EngineError } from '../../../../contracts/errors';
import type { SearchScope } from '../port';

type Column = 'id' | 'plane_id' | 'source_id' | 'document_id' | 'version' | 'index_run_id';

const valueCharactersMax = 1024;

/** `column = 'value'` with the value as a literal, whatever it holds. */
export function equals(column: Column, value: string): string {
  return `${column} = ${literal(value)}`;
}

export function isOneOf(column: Column, values: readonly string[]): string {
  return values.length === 0 ? 'false' : `${column} IN (${[...new Set(values)].map(literal).join(', ')})`;
}

export function allOf(...conditions: readonly string[]): string {
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}

/** Plane, excluded runs, source and documents of a search; its tenant is the table. */
export function scopeFilter(scope: SearchScope): string {
  const conditions = [equals('plane_id', scope.planeId)];
  if (scope.excludedRunIds.length > 0) conditions.push(`NOT (${isOneOf('index_run_id', scope.excludedRunIds)})`);
  if (scope.sourceId !== undefined) conditions.push(equals('source_id', scope.sourceId));
  if (scope.documentIds !== undefined) conditions.push(isOneOf('document_id', scope.documentIds));
  return allOf(...conditions);
}

/** In the filter language only the single quote ends a literal, and is doubled inside; backslashes mean nothing. */
function literal(value: string): string {
  if (value.length > valueCharactersMax || /\0|\p{Surrogate}/u.test(value)) {
    throw new EngineError('invalid_input', 'An id is too long, or is not well-formed text.');
  }
  return `'${value.replaceAll("'", "''")}'`;
}
