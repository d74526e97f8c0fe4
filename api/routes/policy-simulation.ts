import { PolicySimulation, SimulationView } from '../../contracts/api/policy-simulation';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

export function policySimulationRoutes({ simulations }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/policies/simulate',
        operationId: 'policies.simulate',
        summary: 'Try a policy on past calls of tools, or on one that is thought of; nothing changes',
        tag: 'Policies',
        permission: 'manage:policies',
        successStatus: 200,
        body: PolicySimulation,
        examples: {
          'a policy on record, on the newest calls': { policy_id: 'pol_0123456789ab' },
          'one that is thought of, on the calls of a server': {
            policy: {
              enforcement_mode: 'BLOCK',
              conditions: { tool_rules: [{ effect: 'deny', tools: ['send_*'], when: 'args.amount > 100' }] },
            },
            calls: { limit: 500, server_id: 'mcp_0123456789ab', since: '2026-11-01T00:00:00Z' },
          },
          'a call that nobody made': {
            policy_id: 'pol_0123456789ab',
            call: {
              server_id: 'mcp_0123456789ab',
              tool_id: 'tool_0123456789ab',
              input: { amount: 250 },
              role: 'agent',
            },
          },
        },
        data: SimulationView,
        errors: ['resource_not_found', 'invalid_configuration', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      ({ context, body }) => simulations.simulate(context, body),
    ),
  ];
}
