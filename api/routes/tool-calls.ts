import { CallView, InvokeBody, ToolPath } from '../../contracts/api/tool-calls';
import { refusal } from '../../contracts/errors';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

const tag = 'Tools';
/** A little more than a server may take. */
const waitMs = 65_000;

export function toolCallRoutes({ toolCalls, auditDoor }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/integrations/mcp-servers/{server_id}/tools/{tool_id}/invoke',
        operationId: 'tools.invoke',
        summary: 'Call a tool; the same key again is the same call, and answers with what has become of it',
        tag,
        permission: 'execute:mcp:*',
        successStatus: 200,
        isPending: ({ status }) => status === 'pending' || status === 'running',
        params: ToolPath,
        body: InvokeBody,
        examples: { 'arguments of the tool': { input: { path: 'notes/today.md' } } },
        data: CallView,
        errors: [
          ...([
            'resource_not_found',
            'invalid_state',
            'conflict',
            'invalid_configuration',
            'policy_violation',
          ] as const),
          ...(['tool_blocked', 'action_blocked', 'tenant_suspended', 'rate_limit_policy'] as const),
        ],
      },
      async ({ context, params, body, idempotencyKey }) => {
        if (body.run_id !== undefined) {
          const refused = refusal('NOT_FOUND', 'there is no such run', { details: { field: 'run_id' } });
          await auditDoor(context, refused, 'tools.calls.request');
          throw refused;
        }
        return toolCalls.call(context, {
          serverId: params.server_id,
          toolId: params.tool_id,
          arguments: body.input,
          key: idempotencyKey,
          waitMs,
        });
      },
    ),
  ];
}
