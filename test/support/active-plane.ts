import type { ApiClient } from './api-client';
import type { TestStack } from './stack';
import { activate, anUploadPlane, aPolicyFor, transition, waitForState, type UploadPlane } from './planes';

const steps = [
  ['verify_knowledge_plane', 'VERIFIED'],
  ['ingest_knowledge_plane', 'INGESTING'],
  ['index_knowledge_plane', 'INDEXED'],
  ['classify_knowledge_plane', 'CLASSIFIED'],
  ['request_activation', 'PENDING_ACTIVATE'],
] as const;

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Takes a plane from DRAFT to the state, step by step. */
export async function stepTo(
  api: ApiClient,
  planeId: string,
  state: (typeof steps)[number][1] = 'PENDING_ACTIVATE',
): Promise<void> {
  for (const [action, reached] of steps) {
    const { status, body } = await transition(api, planeId, action);
    if (status !== 200) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
    await waitForState(api, planeId, reached);
    if (reached === state) return;
  }
}

export interface ActivePlane extends UploadPlane {
  readonly policyId: string;
  /** By name. */
  readonly documentIds: Readonly<Record<string, string>>;
}

/** An ACTIVE plane of uploaded files, listed by a policy of its own. */
export async function anActivePlane(
  api: ApiClient,
  name: string,
  { files, extra = {}, conditions = {} }: { files: Files; extra?: object; conditions?: object },
): Promise<ActivePlane> {
  const plane = await anUploadPlane(api, name, extra);
  const { body } = await api.upload(plane.planeId, files);
  await stepTo(api, plane.planeId);
  const policyId = await aPolicyFor(api, plane.planeId, conditions);
  await activate(api, plane.planeId);
  const accepted = body.data.accepted as { name: string; document_id: string }[];
  return { ...plane, policyId, documentIds: Object.fromEntries(accepted.map((each) => [each.name, each.document_id])) };
}

export function ask(api: ApiClient, planeId: string, query: string, payload: object = {}) {
  return api.post('/retrieval/execute', { plane_id: planeId, action: 'query', payload: { query, ...payload } });
}

/** The texts that a question finds. */
export async function textsOf(api: ApiClient, planeId: string, query: string): Promise<string[]> {
  const { status, body } = await ask(api, planeId, query);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data.hits.map(({ text }: { text: string }) => text);
}

/** Lifts the plane's limit of a hundred questions a minute. */
export async function letAskMuch({ operatorApi }: Pick<TestStack, 'operatorApi'>, planeId: string): Promise<void> {
  const limit = { subject_type: 'plane', subject_id: planeId, requests: 1_000_000, seconds: 1, reason: 'test' };
  const { status } = await operatorApi.post('/ops/rate-limits', limit);
  if (status !== 200) throw new Error(`the limit was not lifted: ${status}`);
}
