/** What a name of the gateway stands for at its server. */
export interface OfServer {
  readonly server: string;
  readonly name: string;
}

const addressForm = /^aos\+([a-z0-9-]+):(.+)$/s;
const promptForm = /^([a-z0-9-]+)__(.+)$/s;

/**
 * A URI, or a template of URIs, at the address of all servers. It is a URI itself, of a scheme that names the server, and
 * the rest is the server's own: names of servers hold neither `+` nor `:`, so it leads back to one URI of one server only.
 */
export function addressOf(server: string, uri: string): string {
  return `aos+${server}:${uri}`;
}

export function promptNameOf(server: string, prompt: string): string {
  return `${server}__${prompt}`;
}

/** Undefined when it can stand for nothing. */
export function readAddress(uri: string, at: string | undefined): OfServer | undefined {
  return at === undefined ? split(addressForm, uri) : { server: at, name: uri };
}

export function readPromptName(name: string, at: string | undefined): OfServer | undefined {
  return at === undefined ? split(promptForm, name) : { server: at, name };
}

function split(form: RegExp, given: string): OfServer | undefined {
  const [, server, name] = form.exec(given) ?? [];
  return server === undefined || name === undefined ? undefined : { server, name };
}

interface Block {
  readonly type?: unknown;
  readonly uri?: unknown;
  readonly resource?: unknown;
}

/** A block of content in which the URIs of its server are those of the gateway. */
export function addressedBlock(server: string, block: unknown): unknown {
  const { type, uri, resource } = (block ?? {}) as Block;
  if (type === 'resource_link' && typeof uri === 'string') return { ...(block as object), uri: addressOf(server, uri) };
  if (type === 'resource') return { ...(block as object), resource: addressedContents(server, resource) };
  return block;
}

/** Contents of a resource, likewise. */
export function addressedContents(server: string, contents: unknown): unknown {
  const { uri } = (contents ?? {}) as Block;
  return typeof uri === 'string' ? { ...(contents as object), uri: addressOf(server, uri) } : contents;
}
