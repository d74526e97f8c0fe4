import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ApiClient } from '../support/api-client';
import { holdDeliveries } from '../support/hold';
import { forgetTexts } from '../support/objects';
import { activate, aPolicyFor, anUploadPlane, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

/** A plane over a folder with one file in it. */
async function aFilePlane(name: string, extra: object = {}): Promise<{ planeId: string; folder: string }> {
  const folder = path.join(stack.folder, name);
  await mkdir(folder);
  await writeFile(path.join(folder, 'note.md'), `# ${name}\n\nThe lighthouse keeps its lamp lit.`);
  const { status, body } = await api.post('/planes', {
    name,
    sources: [{ source_type: 'file', name: 'files', config: { path: folder } }],
    ...extra,
  });
  expect(status).toBe(201);
  return { planeId: body.data.plane_id, folder };
}

async function stepTo(planeId: string, ...steps: [action: string, state: string][]): Promise<void> {
  for (const [action, state] of steps) {
    expect(await transition(api, planeId, action)).toMatchObject({ status: 200 });
    await waitForState(api, planeId, state);
  }
}

const verify: [string, string] = ['verify_knowledge_plane', 'VERIFIED'];
const ingest: [string, string] = ['ingest_knowledge_plane', 'INGESTING'];
const index: [string, string] = ['index_knowledge_plane', 'INDEXED'];
const classify: [string, string] = ['classify_knowledge_plane', 'CLASSIFIED'];
const request: [string, string] = ['request_activation', 'PENDING_ACTIVATE'];

interface Event {
  readonly event_type: string;
  readonly from_state: string | null;
  readonly to_state: string | null;
  readonly action: string;
}

/** The moves of a plane in their order, as `FROM → TO`; rollbacks are marked. */
async function movesOf(planeId: string): Promise<string[]> {
  const { body } = await api.get(`/lifecycle/${planeId}/audit?limit=1000`);
  return (body.data.items as Event[])
    .toReversed()
    .filter(({ event_type, from_state, to_state }) => /TRANSITION|ROLLBACK/.test(event_type) && from_state !== to_state)
    .map(({ event_type, from_state, to_state }) => {
      return `${from_state} → ${to_state}${event_type === 'LIFECYCLE_ROLLBACK' ? ' (rollback)' : ''}`;
    });
}

async function lastJobOf(planeId: string): Promise<Record<string, unknown>> {
  const { body } = await api.get(`/lifecycle/${planeId}/state`);
  return { ...body.data.last_job, status_reason: body.data.status_reason };
}

test('every step of onboarding and activation, by hand', async () => {
  const { planeId } = await aFilePlane('by-hand');
  await stepTo(planeId, verify, ingest, index, classify, request);
  await aPolicyFor(api, planeId);
  await activate(api, planeId);
  expect(await movesOf(planeId)).toEqual([
    'DRAFT → PENDING_VERIFY',
    'PENDING_VERIFY → VERIFIED',
    'VERIFIED → INGESTING',
    'INGESTING → INDEXED',
    'INDEXED → CLASSIFIED',
    'CLASSIFIED → PENDING_ACTIVATE',
    'PENDING_ACTIVATE → ACTIVE',
  ]);
  const { body } = await api.get(`/planes/${planeId}`);
  expect(body.data).toMatchObject({ state: 'ACTIVE', document_count: 1, endpoint: expect.any(Object) });
});

test('every step of onboarding and activation, by target', async () => {
  const { planeId } = await aFilePlane('by-target');
  const targets = [
    ['PENDING_VERIFY', 'VERIFIED'],
    ['INGESTING', 'INGESTING'],
    ['INDEXED', 'INDEXED'],
    ['CLASSIFIED', 'CLASSIFIED'],
    ['PENDING_ACTIVATE', 'PENDING_ACTIVATE'],
  ] as const;
  for (const [target, state] of targets) {
    expect(await api.post(`/lifecycle/${planeId}/transition`, { target, reason: 'test' })).toMatchObject({
      status: 200,
    });
    await waitForState(api, planeId, state);
  }
  await aPolicyFor(api, planeId);
  expect(await api.post(`/lifecycle/${planeId}/transition`, { target: 'ACTIVE' })).toMatchObject({ status: 200 });
  await waitForState(api, planeId, 'ACTIVE');
});

test('with onboard the plane goes on to PENDING_ACTIVATE by itself, and no further', async () => {
  const { planeId } = await aFilePlane('by-itself', { onboard: true });
  await waitForState(api, planeId, 'PENDING_ACTIVATE');
  expect((await movesOf(planeId)).at(-1)).toBe('CLASSIFIED → PENDING_ACTIVATE');
  const { body } = await api.get(`/lifecycle/${planeId}/state`);
  expect(body.data).toMatchObject({ state: 'PENDING_ACTIVATE', next_action: 'bind_policy', active_job: null });
});

test('PENDING_VERIFY → DRAFT when a source has gone; mended, it can be verified', async () => {
  const { planeId, folder } = await aFilePlane('vanishing');
  await rename(folder, `${folder}-elsewhere`);
  await stepTo(planeId, ['verify_knowledge_plane', 'DRAFT']);
  expect(await movesOf(planeId)).toEqual(['DRAFT → PENDING_VERIFY', 'PENDING_VERIFY → DRAFT (rollback)']);
  expect(await lastJobOf(planeId)).toMatchObject({
    kind: 'verify_connectivity',
    status: 'failed',
    status_reason: expect.stringContaining('does not exist'),
  });
  await rename(`${folder}-elsewhere`, folder);
  await stepTo(planeId, verify);
});

test('PENDING_VERIFY → DRAFT for a folder outside the allowed roots', async () => {
  const { body } = await api.post('/planes', {
    name: 'outside',
    sources: [{ source_type: 'file', name: 'files', config: { path: '/etc' } }],
  });
  await stepTo(body.data.plane_id, ['verify_knowledge_plane', 'DRAFT']);
  expect((await lastJobOf(body.data.plane_id)).status_reason).toContain('outside the allowed roots');
});

test('INGESTING → VERIFIED when there are no documents; with one it goes on', async () => {
  const { planeId, folder } = await aFilePlane('empty');
  await rm(path.join(folder, 'note.md'));
  await stepTo(planeId, verify, ['ingest_knowledge_plane', 'VERIFIED']);
  expect((await movesOf(planeId)).at(-1)).toBe('INGESTING → VERIFIED (rollback)');
  expect(await lastJobOf(planeId)).toMatchObject({ kind: 'ingest_data', status: 'failed' });
  await writeFile(path.join(folder, 'late.md'), 'The ferry leaves at nine.');
  await stepTo(planeId, ingest, index);
});

test('INGESTING → VERIFIED when more documents are unreadable than the plane tolerates', async () => {
  const { planeId, folder } = await aFilePlane('unreadable', { unreadable_tolerance: 0.5 });
  await writeFile(path.join(folder, 'a.bin'), Buffer.from([0, 1, 2, 255]));
  await writeFile(path.join(folder, 'b.bin'), Buffer.from([0, 1, 2, 254]));
  await stepTo(planeId, verify, ['ingest_knowledge_plane', 'VERIFIED']);
  expect((await lastJobOf(planeId)).status_reason).toMatch(/^2 of 3 documents are unreadable/);
  // Half of them is not more than is tolerated.
  await rm(path.join(folder, 'b.bin'));
  await stepTo(planeId, ingest);
});

test('INGESTING → VERIFIED when a source vanishes between verification and ingestion', async () => {
  const { planeId, folder } = await aFilePlane('late-vanishing');
  await stepTo(planeId, verify);
  await rename(folder, `${folder}-elsewhere`);
  await stepTo(planeId, ['ingest_knowledge_plane', 'VERIFIED']);
  expect((await movesOf(planeId)).at(-1)).toBe('INGESTING → VERIFIED (rollback)');
});

test('a failing index job takes INGESTING → VERIFIED, from where the plane is ingested again', async () => {
  const { planeId } = await aFilePlane('unindexable');
  await stepTo(planeId, verify, ingest);
  await forgetTexts(stack, planeId);
  await stepTo(planeId, ['index_knowledge_plane', 'VERIFIED']);
  expect(await lastJobOf(planeId)).toMatchObject({ kind: 'index_data', status: 'failed' });
});

test('INDEXED → FAILED when classification fails for good', async () => {
  const { planeId } = await aFilePlane('unclassifiable');
  await stepTo(planeId, verify, ingest, index);
  await forgetTexts(stack, planeId);
  await stepTo(planeId, ['classify_knowledge_plane', 'FAILED']);
  expect((await movesOf(planeId)).at(-1)).toBe('INDEXED → FAILED');
  expect(await lastJobOf(planeId)).toMatchObject({ kind: 'classify_data', status: 'failed' });
});

describe('PENDING_ACTIVATE → CLASSIFIED when the policy is lost after activation was decided', () => {
  async function losing(name: string, lose: (planeId: string, policyId: string) => Promise<unknown>): Promise<void> {
    const { planeId } = await aFilePlane(name, { onboard: true });
    await waitForState(api, planeId, 'PENDING_ACTIVATE');
    const policyId = await aPolicyFor(api, planeId);
    const release = await holdDeliveries(stack.owner);
    try {
      expect(await transition(api, planeId, 'activate_knowledge_plane')).toMatchObject({ status: 200 });
      expect(await lose(planeId, policyId)).toMatchObject({ status: 200 });
    } finally {
      await release();
    }
    await waitForState(api, planeId, 'CLASSIFIED');
    expect((await movesOf(planeId)).at(-1)).toBe('PENDING_ACTIVATE → CLASSIFIED (rollback)');
    const refused = await api.post('/retrieval/execute', {
      plane_id: planeId,
      action: 'query',
      payload: { query: 'x' },
    });
    expect(refused.status).toBe(409);
    // What is mended can go on.
    await stepTo(planeId, request);
    await aPolicyFor(api, planeId, {}, `${name} again`);
    await activate(api, planeId);
  }

  test('by unbinding', () =>
    losing('unbound', (planeId, policyId) => api.post(`/planes/${planeId}/unbind-policy`, { policy_id: policyId })));

  test('by suspending', () =>
    losing('suspended', (_, policyId) =>
      api.post(`/policies/${policyId}/lifecycle`, { target: 'SUSPENDED', reason: 'test' }),
    ));
});

test('an upload source cannot fail its verification, an empty one its ingestion', async () => {
  const { planeId } = await anUploadPlane(api, 'uploads, none yet');
  await stepTo(planeId, verify, ['ingest_knowledge_plane', 'VERIFIED']);
  expect((await lastJobOf(planeId)).status_reason).toContain('no documents');
});
