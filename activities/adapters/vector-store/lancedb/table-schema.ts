import { Field, FixedSizeList, Float32, Float64, Schema, Utf8 } from 'apache-arrow';

const text = (name: string) => new Field(name, new Utf8(), false);
const whole = (name: string) => new Field(name, new Float64(), false);

/** Columns without the vector, in the order of the table. Whole numbers are stored as doubles, exact to 2^53. */
export const recordColumns = [
  'id',
  'plane_id',
  'source_id',
  'document_id',
  'version',
  'chunk_index',
  'start',
  'end',
  'text',
  'text_hash',
  'index_run_id',
  'index_run_seq',
] as const;

const numbers: ReadonlySet<string> = new Set(['chunk_index', 'start', 'end', 'index_run_seq']);

export function tableSchema(dimension: number): Schema {
  return new Schema([
    ...recordColumns.map((name) => (numbers.has(name) ? whole(name) : text(name))),
    new Field('vector', new FixedSizeList(dimension, new Field('item', new Float32(), true)), false),
  ]);
}
