import type { Handshake } from '../../../activities/adapters/mcp/port';
import { toDiscovery } from '../../../activities/tools/to-discovery';
import { Discovery } from '../../../contracts/tool-schemas';
import type { ToolDefinition } from '../../../contracts/tools';

const handshake: Handshake = {
  protocolRevision: '2026-07-28',
  server: { name: 'fixture', version: '1' },
  capabilities: { tools: {}, prompts: {}, logging: {} },
  confinement: null,
};
const none = { items: [], isTruncated: false, tooLarge: [] };
const tool = (name: string, more: object = {}): ToolDefinition => ({ name, inputSchema: { type: 'object' }, ...more });

function discovered(items: readonly ToolDefinition[], more: object = {}, by: Partial<Handshake> = {}) {
  const offered = {
    handshake: { ...handshake, ...by },
    resources: none,
    templates: none,
    prompts: none,
    latencyMs: 2.6,
  };
  return Discovery.parse(toDiscovery({ ...offered, tools: { ...none, items, ...more } }));
}

test('what a server offers is taken as it came, without fields that nobody pins', () => {
  const found = discovered([tool('a', { description: '  spaced  ', _meta: { x: 1 } })]);
  expect(found).toMatchObject({ latency_ms: 3, capabilities: ['tools', 'prompts'], rejected: [] });
  expect(found.tools).toEqual([{ name: 'a', description: '  spaced  ', inputSchema: { type: 'object' } }]);
});

test('what cannot be taken is told with its reason, and the rest is taken', () => {
  const items = [
    tool('a'),
    tool('a', { description: 'another' }),
    tool('x'.repeat(200)),
    tool('nul\u0000'),
    tool('deep', { inputSchema: { properties: { a: { enum: ['\ud800'] } } } }),
    { name: 'no-schema' } as unknown as ToolDefinition,
  ];
  const found = discovered(items, { isTruncated: true, tooLarge: ['huge'] });
  expect(found.tools).toEqual([tool('a')]);
  expect(found.rejected.map(({ name }) => name.slice(0, 10))).toEqual([
    ...['huge', 'a', 'xxxxxxxxxx', 'nul', 'deep', 'no-schema', ''],
  ]);
  expect(found.rejected.every(({ message }) => message.length > 10)).toBe(true);
});

test.each([null, { name: 'n'.repeat(1_000), version: 'v\u0000'.repeat(200), title: 't'.repeat(1_000) }])(
  'a server that says of itself %j is recorded all the same',
  (server) => {
    expect(discovered([], {}, { server, protocolRevision: 'r'.repeat(100) })).toMatchObject({ tools: [] });
  },
);
