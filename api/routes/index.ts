import type { Route } from '../route';
import type { ApiServices } from '../services';
import { apiKeyRoutes } from './api-keys';
import { approvalRoutes } from './approvals';
import { auditRoutes } from './audit';
import { classificationRoutes } from './classification';
import { credentialRoutes } from './credentials';
import { documentRoutes } from './documents';
import { effectRoutes } from './effects';
import { exportRoutes } from './exports';
import { governanceRoutes } from './governance';
import { identityRoutes } from './identities';
import { knowledgeRoutes } from './knowledge';
import { lifecycleRoutes } from './lifecycle';
import { modeRoutes } from './modes';
import { opsRoutes } from './ops';
import { policyRoutes } from './policies';
import { policySimulationRoutes } from './policy-simulation';
import { proofRoutes } from './proofs';
import { rateLimitRoutes } from './rate-limits';
import { retrievalRoutes } from './retrieval';
import { sqlTemplateRoutes } from './sql-templates';
import { scheduleRoutes } from './schedules';
import { serverToolRoutes } from './server-tools';
import { systemRoutes } from './system';
import { toolCallRoutes } from './tool-calls';
import { toolInvocationRoutes } from './tool-invocations';
import { toolServerRoutes } from './tool-servers';

/** Every route there is. A new domain adds a line here and its own file. */
export function allRoutes(services: ApiServices): Route[] {
  return [
    ...knowledgeRoutes(services),
    ...documentRoutes(services),
    ...classificationRoutes(services),
    ...scheduleRoutes(services),
    ...lifecycleRoutes(services),
    ...policySimulationRoutes(services),
    ...policyRoutes(services),
    ...sqlTemplateRoutes(services),
    ...retrievalRoutes(services),
    ...governanceRoutes(services),
    ...effectRoutes(services),
    ...auditRoutes(services),
    ...proofRoutes(services),
    ...exportRoutes(services),
    ...apiKeyRoutes(services),
    ...identityRoutes(services),
    ...credentialRoutes(services),
    ...toolCallRoutes(services),
    ...toolServerRoutes(services),
    ...serverToolRoutes(services),
    ...toolInvocationRoutes(services),
    ...approvalRoutes(services),
    ...opsRoutes(services),
    ...modeRoutes(services),
    ...rateLimitRoutes(services),
    ...systemRoutes(services),
  ];
}
