// What is checked in time that grows with schema and value and no faster: no references, no alternatives, no patterns.
const plainWords: ReadonlySet<string> = new Set([
  ...['$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'required'],
  ...['properties', 'items', 'additionalProperties'],
]);

/** Whether a JSON Schema (2020-12) has none but words that cannot make it slow. */
export function isPlainSchema(schema: unknown): boolean {
  if (typeof schema === 'boolean') return true;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false;
  const { properties = {}, items = true, additionalProperties = true } = schema as Record<string, unknown>;
  if (typeof properties !== 'object' || properties === null) return false;
  return (
    Object.keys(schema).every((word) => plainWords.has(word)) &&
    [...Object.values(properties), items, additionalProperties].every(isPlainSchema)
  );
}
