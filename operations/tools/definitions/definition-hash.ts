import type { ToolDefinition } from '../../../contracts/tools';
import { digestOf } from '../../transaction/canonical';

/** SHA-256 over the canonical parts of a definition that an agent or a caller relies on, 64 hex digits. */
export function definitionHash({ name, title, description, inputSchema, outputSchema, annotations }: ToolDefinition) {
  return digestOf({
    name,
    title: title ?? null,
    description: description ?? null,
    inputSchema,
    outputSchema: outputSchema ?? null,
    annotations: annotations ?? null,
  });
}
