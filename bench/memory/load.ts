import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { activate, newTenant, untilState, type BenchTenant } from '../support/planes';
import type { BenchStack } from '../support/stack';
import { editionOf, readOriginals, type Original } from './editions';

const copies = 5;
const uploadsPerRound = 12;
const roundsPerOnboarding = 5;
const pauseBetweenQuestionsMs = 250;
const questions = ['How many days of leave', 'refund of a damaged boat', 'Who approves expenses', 'lost laptop'];

export interface LoadCounts {
  rounds: number;
  documents: number;
  onboardings: number;
  questions: number;
  hits: number;
}

export interface Load {
  readonly counts: Readonly<LoadCounts>;
  /** Ends after the round at work; throws what the load failed with. */
  stop(): Promise<void>;
}

interface LoadedPlane {
  readonly tenant: BenchTenant;
  readonly planeId: string;
  readonly folder: string;
}

/** A plane whose folder and uploads change all the time, others that are onboarded beside it, and questions throughout. */
export async function startLoad(stack: BenchStack, place: string): Promise<Load> {
  const originals = readOriginals();
  const counts: LoadCounts = { rounds: 0, documents: 0, onboardings: 0, questions: 0, hits: 0 };
  const tenant = await newTenant(stack, 'Memory');
  const folder = path.join(place, 'changing');
  counts.documents += await writeEditions(folder, originals, 'edition 0');
  const planeId = await register(stack, tenant, folder);
  await untilState(stack, planeId, 'PENDING_ACTIVATE');
  await activate(stack, tenant, planeId);
  const plane = { tenant, planeId, folder };

  let isOver = false;
  const changes = (async () => {
    while (!isOver) await changeOnce(stack, { place, plane, originals, counts });
  })();
  const asking = (async () => {
    while (!isOver) {
      await ask(stack, plane, counts);
      await sleep(pauseBetweenQuestionsMs);
    }
  })();
  const ended = Promise.all([changes, asking]);
  // Told by stop().
  ended.catch(() => (isOver = true));
  return {
    counts,
    async stop() {
      isOver = true;
      await ended;
    },
  };
}

interface Changing {
  readonly place: string;
  readonly plane: LoadedPlane;
  readonly originals: readonly Original[];
  readonly counts: LoadCounts;
}

async function changeOnce(stack: BenchStack, { place, plane, originals, counts }: Changing): Promise<void> {
  counts.rounds += 1;
  const edition = `edition ${counts.rounds}`;
  counts.documents += await writeEditions(plane.folder, originals, edition);
  counts.documents += await upload(stack, plane, { originals, edition, round: counts.rounds });
  await untilState(stack, plane.planeId, 'ACTIVE');
  if (counts.rounds % roundsPerOnboarding !== 0) return;
  const folder = path.join(place, `new-${counts.rounds}`);
  counts.documents += await writeEditions(folder, originals, `plane ${counts.rounds}`);
  await untilState(stack, await register(stack, plane.tenant, folder), 'PENDING_ACTIVATE');
  counts.onboardings += 1;
  await rm(folder, { recursive: true });
}

async function writeEditions(folder: string, originals: readonly Original[], edition: string): Promise<number> {
  for (let copy = 0; copy < copies; copy += 1) {
    for (const original of originals) {
      const file = path.join(folder, `copy-${copy}`, original.name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, editionOf(original, `${edition} copy ${copy}`));
    }
  }
  return copies * originals.length;
}

async function register({ call }: BenchStack, { adminKey }: BenchTenant, folder: string): Promise<string> {
  const { plane_id } = await call<{ plane_id: string }>(adminKey, 'POST', '/planes', {
    name: path.basename(folder),
    onboard: true,
    sources: [
      { source_type: 'file', name: 'files', config: { path: folder } },
      { source_type: 'upload', name: 'uploads', config: {} },
    ],
  });
  return plane_id;
}

interface Uploading {
  readonly originals: readonly Original[];
  readonly edition: string;
  readonly round: number;
}

/** New versions of some uploads; the job that takes them up reads the folder again as well. */
async function upload(stack: BenchStack, { tenant, planeId }: LoadedPlane, uploading: Uploading): Promise<number> {
  const { originals, edition, round } = uploading;
  const form = new FormData();
  for (let index = 0; index < uploadsPerRound; index += 1) {
    const original = originals[(round * uploadsPerRound + index) % originals.length];
    if (original === undefined) continue;
    form.append('files', new Blob([new Uint8Array(editionOf(original, `upload ${edition}`))]), original.name);
  }
  const response = await fetch(`${stack.credentials.api_url}/api/v1/planes/${planeId}/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.adminKey}` },
    body: form,
  });
  if (response.status !== 202) throw new Error(`The upload failed: ${response.status} ${await response.text()}`);
  return uploadsPerRound;
}

async function ask(stack: BenchStack, { tenant, planeId }: LoadedPlane, counts: LoadCounts): Promise<void> {
  const query = questions[counts.questions % questions.length];
  const { hits } = await stack.call<{ hits: unknown[] }>(tenant.adminKey, 'POST', '/retrieval/execute', {
    ...{ plane_id: planeId, action: 'query' },
    payload: { query, top_k: 10 },
  });
  counts.questions += 1;
  counts.hits += hits.length;
}
