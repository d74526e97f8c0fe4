import { setTimeout as sleep } from 'node:timers/promises';
import { exampleServer } from '../example-servers';
import { StartError, type Say } from '../terminal';
import { createApi, Refusal, type Api, type Row } from './api';
import { rows } from './questions';

export interface ToolsDemonstrationOptions {
  readonly apiUrl: string;
  readonly adminKey: string;
  /** Of another person, who stands behind none of the other keys. */
  readonly secondAdminKey: string | undefined;
  readonly developerKey: string;
  readonly say: Say;
  readonly signal: AbortSignal;
}

const base = '/integrations/mcp-servers';
const waitMs = 60_000;
const permitted = ['read_ticket', 'delete_ticket'];

/** Shows tools over HTTP: a call that is allowed, one that no policy permits, and one that another person approves. */
export async function demonstrateTools(options: ToolsDemonstrationOptions): Promise<void> {
  const { apiUrl, adminKey, developerKey, secondAdminKey, say, signal } = options;
  const apiOf = (key: string) => createApi({ apiUrl, key, signal });
  const admin = apiOf(adminKey);
  const existing = rows((await admin.get(`${base}?limit=1000`)).items).find(({ name }) => name === exampleServer);
  if (existing !== undefined) {
    say(`The example server ${exampleServer} is there already (${String(existing.status).toUpperCase()}).`);
    return;
  }
  say(`Tools, of the server ${exampleServer} over stdio, which sees its own folder and no network:`);
  const serverId = await register({ admin, say, signal });
  await permit({ admin, say });
  const { items } = await admin.get(`${base}/${serverId}/tools`);
  const toolIds = new Map(rows(items).map(({ name, tool_id: id }) => [String(name), String(id)]));
  const developer = apiOf(developerKey);
  const call = (tool: string, id: string) =>
    developer.post(`${base}/${serverId}/tools/${toolIds.get(tool)}/invoke`, { input: { id } });

  const read = await call('read_ticket', 'T-1');
  say(`  read_ticket T-1     ${String(read.status)}: ${textOf(read)}`);
  sayEvidence(say, read);

  const refused = await refusalOf(call('forward_ticket', 'T-2'));
  say(`  forward_ticket T-2  refused: ${refused.message}`);
  sayEvidence(say, refused.error.details ?? {});

  const held = await call('delete_ticket', 'T-3');
  say(`  delete_ticket T-3   ${String(held.status)}: approval ${String(held.approval_id)}`);
  const decide = (by: Api) =>
    by.post(`/approvals/${String(held.approval_id)}/decide`, { decision: 'approve', reason: 'It was only a test' });
  say(
    `                      refused to the administrator who made the key that asks: ${(await refusalOf(decide(admin))).message}`,
  );
  if (secondAdminKey === undefined) {
    say('                      left to you: npx aos approvals list, with a key of another administrator');
    return;
  }
  await decide(apiOf(secondAdminKey));
  say('                      approved by a second administrator');
  const path = `${base}/${serverId}/invocations/${String(held.invocation_id)}`;
  const end = await until(
    signal,
    () => admin.get(path),
    ({ state }) => state === 'settled',
  );
  say(`  delete_ticket T-3   ${String(end.outcome)}`);
  sayEvidence(say, end);
}

interface Step {
  readonly admin: Api;
  readonly say: Say;
}

async function register({ admin, say, signal }: Step & { signal: AbortSignal }): Promise<string> {
  const { server_id: serverId } = await admin.post(base, {
    name: exampleServer,
    url: `stdio:${exampleServer}`,
    transport: 'stdio',
    requires_approval: false,
  });
  const look = () => admin.get(`${base}/${String(serverId)}`);
  const server = await until(signal, look, ({ discovery }) => (discovery as Row | null)?.state !== 'pending');
  const { state, error } = server.discovery as Row;
  if (state !== 'completed')
    throw new StartError(`the server ${exampleServer}: ${String((error as Row | null)?.message)}`);
  const { items } = await admin.get(`${base}/${String(serverId)}/tools`);
  const tools = rows(items).map(({ name, risk_level: risk }) => `${String(name)} (${String(risk)})`);
  say(`  registered by its name in the operator's file, and pinned: ${tools.join(', ')}`);
  return String(serverId);
}

async function permit({ admin, say }: Step): Promise<void> {
  const policy = await admin.post('/policies', {
    name: `${exampleServer} tools`,
    enforcement_mode: 'BLOCK',
    conditions: { tool_rules: [{ effect: 'allow', servers: [exampleServer], tools: permitted }] },
  });
  await admin.post(`/policies/${String(policy.policy_id)}/lifecycle`, {
    target: 'ACTIVE',
    reason: 'The example may be called',
  });
  say(`  policy "${exampleServer} tools" (allows ${permitted.join(', ')}) made and activated`);
}

async function refusalOf(asked: Promise<Row>): Promise<Refusal> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return error;
    throw error;
  }
  throw new Error('what is not permitted was done');
}

function sayEvidence(say: Say, { invocation_id: id }: Row): void {
  say(`                      evidence ${String(id)}`);
}

function textOf({ output }: Row): string {
  return rows((output as Row | null)?.content)
    .map(({ text }) => String(text))
    .join(' ');
}

async function until(signal: AbortSignal, look: () => Promise<Row>, isThere: (row: Row) => boolean): Promise<Row> {
  const limit = Date.now() + waitMs;
  for (;;) {
    const row = await look();
    if (isThere(row)) return row;
    if (Date.now() > limit) throw new StartError(`the server ${exampleServer} has not come that far in a minute`);
    await sleep(150, undefined, { signal });
  }
}
