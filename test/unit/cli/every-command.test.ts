import { hash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDocument } from '../../../api/openapi/document';
import { allRoutes } from '../../../api/routes';
import { commandNodes } from '../../../cli/completion/tree';
import type { CliRun } from '../../../cli/deps';
import { createProgram } from '../../../cli/program';
import { createFakeServices } from '../api/fake-services';
import { fileText, makeFile, makeSigner, makeTree } from '../../support/evidence-file';
import { runCommand } from './run-command';

const plane = 'kp_0123456789ab';
const policy = 'pol_0123456789ab';
const credential = 'cred_0123456789ab';
const toolServer = 'mcp_0123456789ab';
const tool = 'tool_0123456789ab';
const call = 'inv_0123456789abcdef';
const approval = 'apr_0123456789ab';
const reason = ['--reason', 'because'];

/** How each command may be called. A new command needs its line. */
const calls: Readonly<Record<string, readonly string[]>> = {
  'planes register': ['people', '--upload'],
  'planes upload': [plane, 'a.md'],
  'planes list': [],
  'planes show': [plane],
  'planes stages': [plane],
  'planes history': [plane],
  'planes watch': [plane],
  'planes transition': [plane, 'verify', ...reason],
  'planes bind': [plane, policy],
  'planes unbind': [plane, policy],
  'planes documents': [plane],
  'planes findings': [plane],
  'planes delete-document': [plane, 'doc_1'],
  'planes classification': [plane],
  'planes reclassify': [plane],
  'planes schedule set': [plane, '--every', '3600'],
  'planes schedule show': [plane],
  'planes schedule pause': [plane],
  'planes schedule resume': [plane],
  'planes schedule delete': [plane],
  ask: [plane, 'why?'],
  'policies create': ['readers', '--allow', '*'],
  'policies list': [],
  'policies show': [policy],
  'policies activate': [policy, ...reason],
  'policies suspend': [policy, ...reason],
  'policies retire': [policy, ...reason],
  'policies simulate': ['--policy', policy],
  'policies shadow': [policy],
  'policies snapshots': [],
  'policies show-snapshot': ['SNAP-1'],
  'policies snapshot': [],
  'switch on': ['plane', plane, ...reason],
  'switch off': ['plane', plane, ...reason],
  'switch list': ['--executions'],
  'switch state': [],
  'switch report': ['sw_0123456789abcdef'],
  'pauses list': [],
  'pauses resume': ['pause_0123456789abcdef', ...reason],
  'effects list': [],
  'effects resolve': ['00000000-0000-4000-8000-000000000000', '--outcome', 'failed', ...reason],
  mode: ['DEGRADED', ...reason],
  'audit list': [],
  'audit export': ['--out', 'evidence.json'],
  'audit checkpoint': [],
  'audit exports': [],
  'audit show-export': ['exp_1'],
  'audit prove': ['evt_1'],
  'audit prove-growth': ['1'],
  'evidence list': [],
  'evidence show': ['ev_1'],
  verify: ['evidence-of-nothing.json'],
  'limits list': [],
  'limits show': ['key', 'key_1'],
  'limits set': ['key', 'key_1', '600', ...reason],
  'limits clear': ['key', 'key_1'],
  'keys create': ['robot', '--role', 'agent'],
  'keys list': [],
  'keys revoke': ['key_1'],
  'identities list': [],
  'identities block': [`idn_${'0'.repeat(32)}`, ...reason],
  'identities unblock': [`idn_${'0'.repeat(32)}`, ...reason],
  'credentials add': ['crm', '--type', 'bearer_token', '--secret-file', 'token.txt'],
  'credentials list': [],
  'credentials show': [credential],
  'credentials rotate': [credential, '--secret-file', 'token.txt'],
  'credentials delete': [credential],
  'credentials access': [credential],
  'servers list': [],
  'servers get': [toolServer],
  'servers health': [toolServer],
  'servers add': ['crm', 'https://crm.example/mcp'],
  'servers set': [toolServer, '--no-approval'],
  'servers remove': [toolServer],
  'servers discover': [toolServer],
  'servers tools': [toolServer],
  'servers approve': [toolServer, `${tool}:${'0'.repeat(64)}`, ...reason],
  'tools set': [toolServer, tool, '--risk', 'high'],
  'tools grant': [toolServer, tool, ...reason],
  'tools revoke': [toolServer, tool, ...reason],
  'calls list': [toolServer],
  'calls get': [toolServer, call],
  'calls invoke': [toolServer, tool, '--input', '{}'],
  'calls resolve': [toolServer, call, '--outcome', 'failed', ...reason],
  'calls withdraw': [toolServer, call],
  'approvals list': ['--status', 'pending'],
  'approvals get': [approval],
  'approvals approve': [approval, ...reason],
  'approvals deny': [approval, ...reason],
  'approvals watch': ['--timeout', '1'],
  'sql-templates create': ['people', '--sql-file', 'people.sql', '--id', 'id'],
  'sql-templates list': [],
  'sql-templates show': ['sqlt_0123456789ab'],
  'sql-templates retire': ['sqlt_0123456789ab'],
  'tenants create': ['acme'],
  'tenants mode list': ['ten_1'],
  'tenants mode set': ['ten_1', 'STRICT', ...reason],
  'tenants mode clear': ['ten_1', 'policies.lifecycle'],
  status: [],
  doctor: [],
  completion: ['bash'],
};

/** Routes that no command needs: probes, the document itself, and a second road to what `ask` does. */
const withoutCommand = new Set(['system.openapi', 'system.alive', 'system.ready', 'knowledge.query']);

const seen: string[] = [];
const active = { state: 'active', value: 200, active_job_id: null };
let server: Server;
let url: string;
const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
beforeAll(async () => {
  const evidence = await makeFile({ tree: makeTree(1), size: 1, signers: [makeSigner()] });
  writeFileSync(path.join(cwd, 'evidence-of-nothing.json'), fileText(evidence));
  writeFileSync(path.join(cwd, 'token.txt'), 'a token\n');
  writeFileSync(path.join(cwd, 'a.md'), '# A');
  writeFileSync(path.join(cwd, 'people.sql'), 'select id from people');
  server = createServer((incoming, outgoing) => {
    incoming.resume();
    incoming.once('end', () => {
      const { pathname } = new URL(incoming.url ?? '/', 'http://test');
      seen.push(`${incoming.method} ${pathname}`);
      if (pathname.endsWith('/events') && pathname.includes('/lifecycle/')) {
        outgoing.setHeader('Content-Type', 'text/event-stream');
        const data = JSON.stringify({ state: active, stages: [] });
        return outgoing.end(`id: 1-0\nevent: job.progress.updated\ndata: ${data}\n\n`);
      }
      if (pathname.endsWith('/file')) return outgoing.end('the file');
      outgoing.setHeader('Content-Type', 'application/json');
      const data = {
        items: [{ policy_id: policy, plane_id: plane, name: 'x' }],
        accepted: [],
        rejected: [],
        components: { database: { healthy: true } },
        ...known(pathname),
      };
      outgoing.end(JSON.stringify({ success: true, data, meta: {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const known = (pathname: string) => ({
  ...(pathname === '/version' ? { name: 'aos', version: '1.2.3' } : { key: 'aos_secret' }),
  ...(pathname.endsWith('/mcp-servers') && { server_id: toolServer }),
  ...(pathname.includes('/credentials/') && { type: 'bearer_token' }),
  ...(pathname.endsWith('/evidence/export') && { export_id: 'exp_1', sha256: hash('sha256', 'the file') }),
});

function allCommands() {
  const run = {
    version: '1.2.3',
    stdout: { columns: 80, isTTY: false, write() {} },
    stderr: { columns: 80, isTTY: false, write() {} },
  };
  return commandNodes(createProgram(run as unknown as CliRun));
}

const leaves = allCommands().filter(({ children }) => children.length === 0);

test('every command has its line here', () => {
  expect(Object.keys(calls).toSorted()).toEqual(leaves.map(({ path: name }) => name).toSorted());
});

test.each(leaves.map(({ path: name }) => name))('%s --json prints JSON and nothing else', async (name) => {
  const args = [...name.split(' '), ...(calls[name] ?? []), '--json'];
  const { exitCode, stdout, stderr } = await runCommand(args, { url, cwd });
  expect({ name, exitCode, stderr }).toEqual({ name, exitCode: 0, stderr: '' });
  // A stream is a line for each event.
  for (const text of name.endsWith(' watch') ? stdout.trimEnd().split('\n') : [stdout]) {
    expect(typeof JSON.parse(text)).toBe('object');
  }
});

test('every route of the API is some command’s', async () => {
  const { paths } = createDocument(allRoutes(createFakeServices()), '1.2.3') as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      operationId,
      form: new RegExp(`^${method.toUpperCase()} ${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    })),
  );
  const unused = operations.filter(
    ({ operationId, form }) => !withoutCommand.has(operationId) && !seen.some((each) => form.test(each)),
  );
  expect(unused.map(({ operationId }) => operationId)).toEqual([]);
});
