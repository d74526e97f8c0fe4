import type { Row } from './api-client';
import { CliFailure, usageFailure } from './failures';
import { exitCodes } from './exit-codes';
import type { Session } from './session';

const planeIdForm = /^kp_[0-9a-f]{12}$/;
const credentialIdForm = /^cred_[0-9a-f]{12}$/;
const serverIdForm = /^mcp_[0-9a-f]{12}$/;
const toolIdForm = /^tool_[0-9a-f]{12}$/;
const sqlTemplateIdForm = /^sqlt_[0-9a-f]{12}$/;
const rowsMax = 100_000;

/** The id of a plane that is given by id or by name. An id is taken at its word, which saves a request. */
export async function resolvePlane({ api }: Session, given: string): Promise<string> {
  if (planeIdForm.test(given)) return given;
  const { items } = await api.list('/planes', rowsMax);
  return idOf(items, { given, idField: 'plane_id', noun: 'plane', lister: 'aos planes list' });
}

/** The id of a policy that is given by id or by name. */
export async function resolvePolicy({ api }: Session, given: string): Promise<string> {
  const { items } = await api.list('/policies', rowsMax);
  return idOf(items, { given, idField: 'policy_id', noun: 'policy', lister: 'aos policies list' });
}

/** The id of an SQL template that is given by id, or by name: then the newest active version, which stands first. */
export async function resolveSqlTemplate({ api }: Session, given: string): Promise<string> {
  if (sqlTemplateIdForm.test(given)) return given;
  const { items } = await api.list('/sql-templates', rowsMax);
  const newest = items.find((row) => row['name'] === given && row['status'] === 'active');
  return idOf(newest === undefined ? [] : [newest], {
    given,
    idField: 'template_id',
    noun: 'active SQL template',
    lister: 'aos sql-templates list',
  });
}

/** The id of a credential that is given by id or by name. */
export async function resolveCredential({ api }: Session, given: string): Promise<string> {
  if (credentialIdForm.test(given)) return given;
  const { items } = await api.list('/credentials', rowsMax);
  return idOf(items, { given, idField: 'credential_id', noun: 'credential', lister: 'aos credentials list' });
}

/** The id of a tool server that is given by id or by name. */
export async function resolveServer({ api }: Session, given: string): Promise<string> {
  if (serverIdForm.test(given)) return given;
  const { items } = await api.list(serversPath, rowsMax, { include_disabled: 'true' });
  return idOf(items, { given, idField: 'server_id', noun: 'tool server', lister: 'aos servers list' });
}

/** The id of a tool of a server that is given by id or by name. */
export async function resolveTool({ api }: Session, serverPath: string, given: string): Promise<string> {
  if (toolIdForm.test(given)) return given;
  const { items } = await api.list(`${serverPath}/tools`, rowsMax);
  return idOf(items, { given, idField: 'tool_id', noun: 'tool', lister: 'aos servers tools <server>' });
}

/** Where a tool server is found that is given by id or by name. */
export async function serverPathOf(session: Session, given: string): Promise<string> {
  return `${serversPath}/${encodeURIComponent(await resolveServer(session, given))}`;
}

export const serversPath = '/integrations/mcp-servers';

interface Search {
  readonly given: string;
  readonly idField: string;
  readonly noun: string;
  readonly lister: string;
}

function idOf(rows: readonly Row[], { given, idField, noun, lister }: Search): string {
  const byId = rows.filter((row) => row[idField] === given);
  const found = byId.length > 0 ? byId : rows.filter((row) => row['name'] === given);
  const ids = found.map((row) => String(row[idField]));
  if (ids.length > 1) throw usageFailure(`${ids.length} share the name ${given}: ${ids.join(', ')}`, 'give the id');
  const [id] = ids;
  if (id !== undefined) return id;
  throw new CliFailure(`resource_not_found: no ${noun} ${given}`, exitCodes.refused, `see ${lister}`);
}
