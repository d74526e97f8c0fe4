import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type McpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { type Fixture, richResult, startModern, startOlder } from './fixture-servers';

const revisions = [
  ['2026-07-28', startModern, 'server/discover'],
  ['2025-11-25', startOlder, 'initialize'],
] as const;

describe.each(revisions)('a server of revision %s', (revision, start, greeting) => {
  let fixture: Fixture;
  let egress: Dispatcher;
  let upstream: McpUpstream;
  let server: WebServer;
  beforeEach(async () => {
    fixture = await start();
    egress = createEgress({ allowed: [fixture.host] });
    upstream = createMcpUpstream({ egress });
    server = { tenantId: 't1', serverId: 's1', transport: 'http', url: fixture.url, auth: { type: 'none' } };
  });
  afterEach(async () => {
    await upstream.close();
    await egress.close();
    await fixture.close();
  });
  const callTool = (tool: string, args = {}) => upstream.callTool({ server, tool, arguments: args });

  it('is greeted in its own way and says what it is', async () => {
    const facts = await upstream.handshake({ server });
    expect(facts).toMatchObject({ protocolRevision: revision, server: { name: 'fixture', version: '1.2.3' } });
    expect(facts.capabilities).toHaveProperty('tools');
    expect(facts.confinement).toBeNull();
  });

  it('is greeted once for many calls at the same time and after each other', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => callTool('echo', { n })));
    answers.push(await callTool('echo', { n: 20 }));
    expect(answers.map((answer) => answer.kind === 'result' && answer.result.content[0]?.['text'])).toEqual(
      Array.from({ length: 21 }, (_, n) => JSON.stringify({ n })),
    );
    expect(fixture.methods.filter((method) => method === greeting)).toHaveLength(1);
    expect(fixture.methods.filter((method) => method === 'tools/call')).toHaveLength(21);
  });

  it('is sent each call once, whatever it answers', async () => {
    expect(await callTool('fails')).toEqual({
      kind: 'result',
      result: expect.objectContaining({ isError: true, content: [{ type: 'text', text: 'the disk is full' }] }),
    });
    expect(fixture.methods.filter((method) => method === 'tools/call')).toHaveLength(1);
  });

  it('has its content, structured content and meta arrive as they were sent', async () => {
    const answer = await callTool('rich');
    expect(answer).toMatchObject({ kind: 'result', result: richResult });
  });

  it('tells of the progress of a call', async () => {
    const seen: unknown[] = [];
    const answer = await upstream.callTool({
      server,
      tool: 'steps',
      arguments: {},
      onProgress: (progress) => void seen.push(progress),
    });
    expect(answer.kind).toBe('result');
    expect(seen).toEqual([
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ]);
  });

  it('refuses a tool that it does not have in an answer', async () => {
    const answer = await callTool('missing');
    expect(answer).toMatchObject({ kind: 'failure', failure: { reached: 'answered', problem: 'invalid_arguments' } });
  });

  it('is asked for tools, resources and prompts', async () => {
    const tools = await upstream.listTools({ server });
    expect(tools.items.map(({ name }) => name)).toEqual(['rich', 'fails', 'echo', 'steps']);
    expect(tools).toMatchObject({ isTruncated: false, tooLarge: [] });
    expect((await upstream.listResources({ server })).items).toMatchObject([{ name: 'note', uri: 'note://one' }]);
    expect((await upstream.listPrompts({ server })).items).toMatchObject([{ name: 'greet' }]);
    expect(
      await upstream.read({ server, request: { method: 'resources/read', params: { uri: 'note://one' } } }),
    ).toMatchObject({
      contents: [{ text: 'a note' }],
    });
    expect(
      await upstream.read({ server, request: { method: 'prompts/get', params: { name: 'greet' } } }),
    ).toMatchObject({ messages: [{ role: 'user' }] });
    expect(await upstream.ping({ server })).toBeGreaterThanOrEqual(0);
  });

  it('gets the credential of the caller with every request, over one connection for each version of it', async () => {
    const keyed = (key: string, credentialVersion: string): WebServer => ({
      ...server,
      credentialVersion,
      auth: { type: 'api_key', read: async () => ({ api_key: key }) },
    });
    await upstream.callTool({ server: keyed('first-key', '1'), tool: 'echo', arguments: {} });
    await upstream.callTool({ server: keyed('first-key', '1'), tool: 'echo', arguments: {} });
    await upstream.callTool({ server: keyed('second-key', '2'), tool: 'echo', arguments: {} });
    expect(fixture.methods.filter((method) => method === greeting)).toHaveLength(2);
    const keys = fixture.requests.filter(({ method }) => method === 'POST').map(({ headers }) => headers['x-api-key']);
    expect(new Set(keys)).toEqual(new Set(['first-key', 'second-key']));
  });

  it('is not called when its credential cannot be read', async () => {
    const read = () => Promise.reject(new Error('the vault is sealed: hunter2'));
    const locked: WebServer = { ...server, auth: { type: 'bearer', read } };
    const answer = await upstream.callTool({ server: locked, tool: 'echo', arguments: {} });
    expect(answer).toMatchObject({ failure: { reached: 'notSent', problem: 'credential_unavailable' } });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(fixture.requests).toHaveLength(0);
  });

  it('is not called after the adapter was closed', async () => {
    await callTool('echo');
    await upstream.close();
    expect(await callTool('echo')).toMatchObject({ failure: { reached: 'notSent', problem: 'closed' } });
  });
});

it('greets a server anew for the next call when it has forgotten the session', async () => {
  const fixture = await startOlder();
  const egress = createEgress({ allowed: [fixture.host] });
  const upstream = createMcpUpstream({ egress });
  const call = {
    server: { tenantId: 't1', serverId: 's1', transport: 'http', url: fixture.url, auth: { type: 'none' } },
    tool: 'echo',
    arguments: {},
  } as const;
  expect(await upstream.callTool(call)).toMatchObject({ kind: 'result' });
  fixture.forgetSessions();
  expect(await upstream.callTool(call)).toMatchObject({ failure: { reached: 'answered', problem: 'session_lost' } });
  expect(fixture.methods.filter((method) => method === 'tools/call')).toHaveLength(2);
  expect(await upstream.callTool(call)).toMatchObject({ kind: 'result' });
  expect(fixture.methods.filter((method) => method === 'initialize')).toHaveLength(2);
  await upstream.close();
  await egress.close();
  await fixture.close();
});
