import { EngineError, refusal } from '../../../contracts/errors';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import { callLimits } from '../../../contracts/tool-calls';
import { checkArguments } from '../policy/arguments';
import type { CalledTool } from './called-tool';
import { redactionsFor } from './decide-call';
import { withNotes } from './denial';

/** Refuses arguments that do not fit the tool's schema. */
export function requireArguments(tool: CalledTool, args: ToolArguments, canonical: string): void {
  const bytes = Buffer.byteLength(canonical);
  if (bytes > callLimits.argumentBytes) {
    throw refusal('validation_error', 'the arguments are longer than 1 MiB', { details: { field: 'input' } });
  }
  const check = checkArguments(tool.input_schema as Record<string, unknown>, tool.definition_hash, args, bytes);
  if (check.isValid) return;
  if (check.fault === 'schema') {
    const unusable = new EngineError('invalid_configuration', `the tool cannot be called: ${check.message}`, {
      details: { server_id: tool.server_id, tool_name: tool.tool_name },
    });
    throw withNotes(unusable, { hidden: redactionsFor(tool).input });
  }
  const [first] = check.issues;
  throw refusal(
    'validation_error',
    `the arguments do not fit the tool: ${first?.field ?? ''} ${first?.message ?? ''}`,
    {
      details: {
        field: `input${(first?.field ?? '').replaceAll('/', '.')}`,
        field_errors: check.issues.slice(0, 20).map(({ field, message }) => ({ field, message })),
      },
    },
  );
}
