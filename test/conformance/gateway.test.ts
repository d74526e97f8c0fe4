import { anActivePolicy } from '../support/active-policy';
import { registerContentServer } from '../support/content-server';
import { startTestStack, type TestStack } from '../support/stack';
import type { Fixture } from '../unit/mcp-upstream/fixture-servers';
import { startConformanceFixture } from './fixture';
import { startForwarder, type Forwarder } from './forwarder';
import { runSuite, type Check, type Revision } from './run-suite';

let fixture: Fixture;
let stack: TestStack;
let gateway: Forwarder;
beforeAll(async () => {
  fixture = await startConformanceFixture();
  stack = await startTestStack({ egressAllow: [fixture.host] });
  await registerContentServer(stack, { name: 'fixture', url: fixture.url });
  await anActivePolicy(stack.api(), 'fixture', { tool_rules: [{ effect: 'allow', servers: ['fixture'] }] });
  gateway = await startForwarder(`${stack.url}/mcp/fixture`, stack.keys.tenants[0]?.developer_key ?? '');
});
afterAll(async () => {
  await gateway?.close();
  await stack?.stop();
  await fixture?.close();
});

const nameOf = ({ scenario, id }: Check) => `${scenario} ${id}`;

function namesWith(status: string, checks: readonly Check[]): Set<string> {
  return new Set(checks.filter((check) => check.status === status).map(nameOf));
}

const revisions: readonly Revision[] = ['2025-11-25', '2026-07-28'];

test.each(revisions)(
  'what the fixture passes of revision %s, the gateway in front of it passes too',
  async (revision) => {
    const bare = await runSuite(fixture.url, revision);
    const passed = namesWith('SUCCESS', bare);
    // The suite itself works: what it cannot say of the fixture it could not say of the gateway either.
    expect(passed.size).toBeGreaterThan(50);
    const behind = await runSuite(gateway.url, revision);
    const kept = namesWith('SUCCESS', behind);
    const failed = namesWith('FAILURE', behind);
    const missed = [...passed].filter((name) => !kept.has(name) || failed.has(name));
    const said = behind.filter((check) => missed.includes(nameOf(check)));
    expect({ missed, said }).toEqual({ missed: [], said: [] });
  },
  600_000,
);
