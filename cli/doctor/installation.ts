import type { Row } from '../api-client';
import { readCredentials, roles, type Credentials } from '../credentials';
import { CliFailure } from '../failures';
import { printable } from '../text';
import { fail, ok, skipped, warn, type Check, type Finding, type Patient } from './check';
import { isStackRunning } from './machine';

const timeoutMs = 5_000;
const skewMsMax = 30_000;

/** What is to be seen of the API from here: its address, its parts, its version, its clock and our keys. */
export const checkInstallation: Check = async (patient) => {
  const credentials = credentialsOf(patient);
  if (credentials instanceof CliFailure) {
    const next = credentials.next ?? 'correct it, or set AOS_API_URL and AOS_API_KEY';
    return [fail('credentials', credentials.message, next), ...unseen(['api', 'version', 'clock', 'parts', 'keys'])];
  }
  const { apiUrl } = credentials;
  const version = await ask(patient, apiUrl, '/version');
  if (version === undefined) {
    const next = isStackRunning(patient)
      ? 'the local stack runs: look at what it printed, and in the logs of the data folder'
      : 'start AOS with "npm start"; AOS_API_URL names another address';
    return [
      ok('credentials', 'found'),
      fail('api', `${apiUrl} cannot be reached`, next),
      ...unseen(['version', 'clock', 'parts', 'keys']),
    ];
  }
  if (version.body['name'] !== 'aos') {
    const next = 'let AOS_API_URL name the API, or start it on another port with AOS_API_PORT';
    return [ok('credentials', 'found'), fail('api', `what answers at ${apiUrl} is not AOS`, next)];
  }
  return [
    ok('credentials', 'found'),
    ok('api', apiUrl),
    compareVersions(patient, version.body['version']),
    compareClocks(version),
    ...(await lookAtParts(patient, credentials)),
    ...(await tryKeys(patient, credentials)),
  ];
};

interface Answer {
  readonly status: number;
  readonly date: string | null;
  readonly tookMs: number;
  /** `data`, or the details of a failure. */
  readonly body: Row;
}

async function ask({ deps }: Patient, apiUrl: string, path: string, apiKey?: string): Promise<Answer | undefined> {
  const headers = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
  const began = Date.now();
  try {
    const response = await deps.fetch(`${apiUrl}${path}`, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const tookMs = Date.now() - began;
    const text = await response.text();
    return { status: response.status, date: response.headers.get('Date'), tookMs, body: openBody(text) };
  } catch {
    return undefined;
  }
}

function openBody(text: string): Row {
  try {
    const { data, error } = JSON.parse(text) as { data?: Row; error?: { details?: Row } };
    return data ?? error?.details ?? {};
  } catch {
    return {};
  }
}

function credentialsOf({ deps, choice }: Patient): Credentials | CliFailure {
  try {
    return readCredentials(deps, choice);
  } catch (error) {
    if (error instanceof CliFailure) return error;
    throw error;
  }
}

function compareVersions({ deps }: Patient, version: unknown): Finding {
  if (version === deps.version) return ok('version', deps.version);
  const message = `this command is ${deps.version}, the API ${printable(version)}`;
  return warn('version', message, 'use the command of the same version, or restart AOS after an upgrade');
}

// The header counts whole seconds.
function compareClocks({ date, tookMs }: Answer): Finding {
  if (date === null) return skipped('clock', 'the server says no time');
  const skewMs = Math.abs(Date.now() - Date.parse(date));
  const message = `${Math.round(skewMs / 1000)} s apart`;
  if (skewMs <= skewMsMax + tookMs) return ok('clock', message);
  return warn('clock', message, 'set the clock of this machine or of the server; expiry times depend on them');
}

/** Database, migrations, Temporal, its workers and whatever else the API looks at. */
async function lookAtParts(patient: Patient, { apiUrl, apiKey }: Credentials): Promise<Finding[]> {
  const full = await ask(patient, apiUrl, '/api/v1/governance/boot-status', apiKey);
  const seen = full?.status === 200 ? full : await ask(patient, apiUrl, '/readyz');
  const parts = Object.entries((seen?.body['components'] ?? {}) as Record<string, Row>);
  if (parts.length === 0) return [fail('parts', 'the API does not say how its parts are', adviceFor('api'))];
  return parts.map(([name, { healthy, message }]) => {
    if (healthy === true) return ok(name, message === undefined ? 'healthy' : printable(message));
    return fail(name, message === undefined ? 'not healthy' : printable(message), adviceFor(name));
  });
}

const advice: Readonly<Record<string, string>> = {
  database: 'is Postgres up? look at AOS_DATABASE_APP_URL and the logs of the API',
  migrations: 'run "npm start", or "node dist/scripts/setup.js", which migrate',
  namespace: 'is Temporal up? look at TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE',
  search_attributes: 'run "npm start", or "node dist/scripts/setup.js", which make them',
  workers: 'start a worker on the same AOS_TASK_QUEUE: "npm start", or "node dist/worker.js"',
  audit_partitions: 'a worker makes the partitions of the coming months: is one running?',
  outbox: 'a worker delivers what waits: is one running, and does it reach Temporal?',
  object_store: 'can the API write to AOS_DATA_DIR?',
  vector_store: 'can the API write to AOS_DATA_DIR?',
};

function adviceFor(name: string): string {
  return advice[name] ?? 'look in the logs of the API';
}

/** Whether the key in use is accepted, and each other that the credentials hold for this tenant. */
async function tryKeys(patient: Patient, chosen: Credentials): Promise<Finding[]> {
  const { deps, choice } = patient;
  if ((deps.env.AOS_API_KEY ?? '') !== '') return [await tryKey(patient, chosen, 'AOS_API_KEY')];
  return Promise.all(
    roles.map(async (role) => {
      const credentials = credentialsOf({ ...patient, choice: { ...choice, role } });
      const name = `key of ${role}`;
      if (!(credentials instanceof CliFailure)) return tryKey(patient, credentials, name);
      return skipped(name, 'credentials.json holds none');
    }),
  );
}

async function tryKey(patient: Patient, { apiUrl, apiKey }: Credentials, name: string): Promise<Finding> {
  const answer = await ask(patient, apiUrl, '/api/v1/governance/boot-status', apiKey);
  if (answer === undefined) return fail(name, 'no answer', adviceFor('api'));
  if (answer.status === 401) return fail(name, 'unknown, expired or revoked', 'make another: aos keys create');
  if (answer.status === 403) return ok(name, 'accepted, but may not see the health of the installation');
  return answer.status < 500 ? ok(name, 'accepted') : warn(name, `HTTP ${answer.status}`, adviceFor('api'));
}

function unseen(names: readonly string[]): Finding[] {
  return names.map((name) => skipped(name, 'the API is not to be seen'));
}
