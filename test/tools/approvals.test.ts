import { startApprovalsStack, type ApprovalsStack } from '../support/approvals-stack';
import { decideCall, endOfCall, holdCall } from '../support/held-calls';

let at: ApprovalsStack;
beforeAll(async () => {
  at = await startApprovalsStack();
});
afterAll(() => at?.stop());

describe('what waits', () => {
  it('is shown with all that a person needs, and with what was said when it is decided', async () => {
    const server = await at.aServer();
    const call = await holdCall(at.developer(), server, { input: { id: 'shown', api_key: 'hush' } });
    const { body } = await at.admin().get('/approvals?status=pending');
    const shown = body.data.items.find((row: { approval_id: string }) => row.approval_id === call.approvalId);
    expect(shown).toMatchObject({
      ...{ invocation_id: call.invocationId, server_name: server.name, tool_name: 'read_note', risk_level: 'low' },
      ...{ status: 'pending', decision: null, votes: [], approvers_needed: 1, call_state: 'pending' },
      input_preview: '{"id":"shown","api_key":"[redacted]"}',
      reason: 'The server asks for approval of every call.',
      requested_by: at.stack.as('developer').actor.id,
    });
    expect(Date.parse(shown.expires_at) - Date.parse(shown.requested_at)).toBeGreaterThan(23 * 3_600_000);
    expect(await decideCall(at.judge, call)).toMatchObject({
      status: 200,
      body: { data: { decision: 'approve', approvals: 1, approvers_needed: 1 } },
    });
    expect(await endOfCall(at.admin(), call)).toMatchObject({ outcome: 'succeeded' });
    expect((await at.admin().get(`/approvals/${call.approvalId}`)).body.data).toMatchObject({
      ...{ status: 'decided', decision: 'approve', used_at: expect.any(String), call_outcome: 'succeeded' },
      votes: [{ decided_by: at.judge.id, decision: 'approve', reason: 'looked at it' }],
    });
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'succeeded' } } });
    expect(at.sent('shown')).toBe(1);
  });

  it('is listed page by page, and apart from what is decided', async () => {
    const server = await at.aServer();
    const calls = [await holdCall(at.developer(), server), await holdCall(at.developer(), server)];
    await decideCall(at.judge, calls[0]!, 'deny');
    const ids = async (status: string) => {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const after: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { body } = await at.developer().get(`/approvals?status=${status}&limit=1${after}`);
        found.push(...body.data.items.map((row: { approval_id: string }) => row.approval_id));
        cursor = body.meta.next_cursor;
      } while (cursor !== null);
      return found;
    };
    const [decided, pending] = [await ids('decided'), await ids('pending')];
    expect(decided).toContain(calls[0]?.approvalId);
    expect(pending).toContain(calls[1]?.approvalId);
    expect(decided.filter((id) => pending.includes(id))).toEqual([]);
    expect(new Set([...decided, ...pending]).size).toBe(decided.length + pending.length);
  });
});

describe('who decides', () => {
  it('is not who asks, nor whose key asks, nor who acts for who asks', async () => {
    const server = await at.aServer();
    const mine = await holdCall(at.admin(), server);
    const byMyKey = await at.aKey('admin');
    const keyOfKey = await at.aKey('admin', byMyKey);
    for (const api of [at.admin(), byMyKey, keyOfKey]) {
      expect(await decideCall(api, mine)).toMatchObject({ status: 403, body: { error: { reason: 'ACCESS_DENIED' } } });
    }
    const ofMyKey = await holdCall(await at.aKey('agent'), server);
    expect(await decideCall(at.admin(), ofMyKey)).toMatchObject({
      status: 403,
      body: { error: { reason: 'ACCESS_DENIED' } },
    });
    const other = await at.anotherAdmin();
    expect(await decideCall(other, mine, 'deny')).toMatchObject({ status: 200 });
    expect(await decideCall(other, ofMyKey, 'deny')).toMatchObject({ status: 200 });
  });

  it('is two people where a policy says so, neither acting for the other', async () => {
    const server = await at.aServer();
    await at.activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers: 2 }] });
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    expect(await decideCall(at.judge, call)).toMatchObject({
      status: 200,
      body: { data: { decision: null, approvals: 1, approvers_needed: 2 } },
    });
    expect(await decideCall(at.judge, call)).toMatchObject({ status: 409, body: { error: { reason: 'CONFLICT' } } });
    expect(await decideCall(await at.aKey('admin', at.judge), call)).toMatchObject({ status: 403 });
    expect(at.sent(input.id)).toBe(0);
    expect(await decideCall(await at.anotherAdmin(), call)).toMatchObject({ body: { data: { decision: 'approve' } } });
    expect(await endOfCall(at.admin(), call)).toMatchObject({
      outcome: 'succeeded',
      approval: { votes: [{ decision: 'approve' }, { decision: 'approve' }] },
    });
    expect(at.sent(input.id)).toBe(1);
    expect(await at.eventsOf(call.approvalId, 'tool_approval_voted')).toMatchObject([
      { evidence: { approvals: 1, approvers_needed: 2 } },
      { evidence: { approvals: 2 } },
    ]);
  });

  it.each([1, 2])('of four who approve at once, %i decide', async (approvers) => {
    const server = await at.aServer();
    await at.activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers }] });
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    const people = await Promise.all(Array.from({ length: 4 }, at.anotherAdmin));
    const answers = await Promise.all(people.map((api) => decideCall(api, call)));
    const taken = answers.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(approvers);
    expect(taken.filter(({ body }) => body.data.decision === 'approve')).toHaveLength(1);
    const late = answers.filter(({ status }) => status !== 200).map(({ body }) => body.error.reason);
    expect(new Set(late)).toEqual(new Set(['INVALID_STATE']));
    expect(await endOfCall(at.admin(), call)).toMatchObject({ outcome: 'succeeded' });
    expect(at.sent(input.id)).toBe(1);
  });

  it('is nobody of another tenant: it sees nothing there', async () => {
    const server = await at.aServer();
    const call = await holdCall(at.developer(), server);
    const stranger = at.stack.api('admin', 1);
    const list = await stranger.get('/approvals');
    expect(list.body.data.items).toEqual([]);
    const base = `/integrations/mcp-servers/${server.serverId}/invocations`;
    const answers = [
      await stranger.get(`/approvals/${call.approvalId}`),
      await decideCall(stranger, call),
      await stranger.get(base),
      await stranger.get(call.path),
      await stranger.post(`${call.path}/withdraw`),
      await stranger.post(`${call.path}/resolve`, { outcome: 'failed', reason: 'test' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect((await at.admin().get(`/approvals/${call.approvalId}`)).body.data).toMatchObject({
      decision: null,
      votes: [],
    });
  });
});
