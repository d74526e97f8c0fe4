/** Names of servers hold no underscore, so no tool of a server can pass for a plane, nor for a tool of another server. */
export type NamedTool =
  | { readonly kind: 'tool'; readonly server: string; readonly tool: string }
  | { readonly kind: 'plane'; readonly planeId: string };

const planeForm = /^ask_(kp_[0-9a-f]{12})$/;
const toolForm = /^([a-z0-9-]+)__(.+)$/s;

/** What a name of the gateway stands for; undefined when it can stand for nothing. */
export function readToolName(name: string, server: string | undefined): NamedTool | undefined {
  // No text of the database holds it, so it is not asked.
  if (name.includes('\u0000')) return undefined;
  if (server !== undefined) return { kind: 'tool', server, tool: name };
  const planeId = planeForm.exec(name)?.[1];
  if (planeId !== undefined) return { kind: 'plane', planeId };
  const [, ofServer, tool] = toolForm.exec(name) ?? [];
  return ofServer === undefined || tool === undefined ? undefined : { kind: 'tool', server: ofServer, tool };
}
