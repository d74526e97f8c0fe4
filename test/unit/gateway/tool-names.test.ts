import { readToolName } from '../../../api/mcp/tool-names';

it.each([
  ['notes__read', undefined, { kind: 'tool', server: 'notes', tool: 'read' }],
  ['notes__a__b', undefined, { kind: 'tool', server: 'notes', tool: 'a__b' }],
  ['notes___a', undefined, { kind: 'tool', server: 'notes', tool: '_a' }],
  ['ask_kp_0123456789ab', undefined, { kind: 'plane', planeId: 'kp_0123456789ab' }],
  ['ask_kp_0123456789ab', 'notes', { kind: 'tool', server: 'notes', tool: 'ask_kp_0123456789ab' }],
  ['read', undefined, undefined],
  ['__read', undefined, undefined],
  ['notes__', undefined, undefined],
  ['', undefined, undefined],
  ['notes__\u0000', undefined, undefined],
  ['\u0000', 'notes', undefined],
])('reads %j at the address of %s', (name, server, expected) => {
  expect(readToolName(name, server)).toEqual(expected);
});
