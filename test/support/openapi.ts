import type { ApiClient } from './api-client';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** One operation of the OpenAPI document. */
export interface ApiOperation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its parameters in braces, from the root. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schema of the JSON body; absent where there is none, or another. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly isUpload: boolean;
  readonly isPublic: boolean;
  /** Any of these is enough. */
  readonly permissions: readonly string[];
  /** Example: 201. */
  readonly successStatus: number;
}

interface DocumentOperation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Record<string, unknown> }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Every operation that the API says it has. */
export async function readOperations(api: ApiClient): Promise<ApiOperation[]> {
  const { body } = await api.get('/openapi.json');
  const paths = Object.entries(body.paths as Record<string, Record<string, DocumentOperation>>);
  return paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toOperation(path, method, operation)),
  );
}

function toOperation(path: string, method: string, operation: DocumentOperation): ApiOperation {
  const content = operation.requestBody?.content ?? {};
  return {
    id: operation.operationId,
    method: method.toUpperCase() as ApiOperation['method'],
    path,
    parameters: operation.parameters,
    body: content['application/json']?.schema,
    isUpload: 'multipart/form-data' in content,
    isPublic: operation.security?.length === 0,
    permissions: /^Needs the permission (.+)\.$/.exec(operation.description ?? '')?.[1]?.split(' or ') ?? [],
    successStatus: Number(Object.keys(operation.responses).find((status) => status.startsWith('2'))),
  };
}

/** The path with its parameters filled in; those without a value stay as an id that nothing has. */
export function fillPath({ path }: ApiOperation, ids: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(ids[name] ?? unknownIds[name] ?? 'nobody'),
  );
}

export const unknownIds: Readonly<Record<string, string>> = {
  plane_id: 'kp_000000000000',
  document_id: 'doc_000000000000',
  policy_id: 'pol_000000000000',
  template_id: 'sqlt_000000000000',
  snapshot_id: 'SNAP-000000000000-00000000',
  evidence_id: '00000000-0000-4000-8000-000000000000',
  tenant_id: 'ten_000000000000',
  operation: 'policies.lifecycle',
  credential_id: 'cred_000000000000',
  server_id: 'mcp_000000000000',
  tool_id: 'tool_000000000000',
  invocation_id: 'inv_0000000000000000',
  approval_id: 'apr_000000000000',
  key_id: 'key_0000000000000000',
  identity_id: `idn_${'0'.repeat(32)}`,
  switch_id: 'sw_0000000000000000',
  intent_id: '00000000-0000-4000-8000-000000000000',
  export_id: 'exp_000000000000000000000000',
  pause_id: 'pause_0000000000000000',
  subject_type: 'plane',
  subject_id: 'kp_000000000000',
};
