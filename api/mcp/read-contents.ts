import { ProtocolError, ProtocolErrorCode, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { EngineError, errorRules, refusal } from '../../contracts/errors';
import { gatewayMeta } from '../../contracts/gateway';
import { ReadRequest, type ReadMethod } from '../../contracts/server-reads';
import { findServerNamed } from '../../prisma/reads/gateway';
import { addressedBlock, addressedContents, readAddress, readPromptName, type OfServer } from './addresses';
import { dataOf, invalidParams, serverError, toProtocolError } from './protocol-errors';
import type { GatewayServices, Session } from './session';

type Asked = { readonly server: string; readonly request: ReadRequest };

/** A resource, a prompt or completions for an agent: decided, asked for and recorded by the mediator. */
export async function readForAgent(
  services: Pick<GatewayServices, 'prisma' | 'readServer' | 'auditDoor'>,
  session: Session,
  { method, params }: { readonly method: ReadMethod; readonly params: unknown },
): Promise<Record<string, unknown>> {
  const { context } = session;
  const parsed = ReadRequest.safeParse({ method, params });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidParams(
      `Invalid params for ${method}: ${issue?.path.slice(1).join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  const asked = atServer(parsed.data, session.server);
  const serverId =
    asked === undefined ? undefined : await findServerNamed(services.prisma, context.tenantId, asked.server);
  if (asked === undefined || serverId === undefined) {
    await services.auditDoor(context, refusal('NOT_FOUND', 'there is nothing of this name'), 'tools.reads.begin');
    throw notThere(parsed.data);
  }
  try {
    const { readId, answer } = await services.readServer(context, { serverId, request: asked.request });
    const { _meta: theirs, ...rest } = session.server === undefined ? addressed(asked, answer) : answer;
    // Whoever answers names himself here, and that is the gateway.
    const { [SERVER_INFO_META_KEY]: _name, ...meta } = (theirs ?? {}) as Record<string, unknown>;
    return { ...rest, _meta: { ...meta, [gatewayMeta.invocation]: readId } };
  } catch (error) {
    throw toReadError(error, parsed.data, session);
  }
}

/** The same request in the words of the server that it is for. */
function atServer(request: ReadRequest, at: string | undefined): Asked | undefined {
  const { method, params } = request;
  if (method === 'resources/read') {
    return asked(readAddress(params.uri, at), (uri) => ({ method, params: { uri } }));
  }
  if (method === 'prompts/get') {
    return asked(readPromptName(params.name, at), (name) => ({ method, params: { ...params, name } }));
  }
  const { ref } = params;
  return ref.type === 'ref/prompt'
    ? asked(readPromptName(ref.name, at), (name) => ({ method, params: { ...params, ref: { ...ref, name } } }))
    : asked(readAddress(ref.uri, at), (uri) => ({ method, params: { ...params, ref: { ...ref, uri } } }));
}

function asked(found: OfServer | undefined, request: (name: string) => ReadRequest): Asked | undefined {
  return found === undefined ? undefined : { server: found.server, request: request(found.name) };
}

function addressed({ server, request }: Asked, answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (request.method === 'resources/read') {
    const contents = answer.contents as unknown[];
    return { ...answer, contents: contents.map((each) => addressedContents(server, each)) };
  }
  if (request.method === 'completion/complete') return { ...answer };
  const messages = answer.messages as { content: unknown }[];
  return {
    ...answer,
    messages: messages.map((each) => ({ ...each, content: addressedBlock(server, each.content) })),
  };
}

function notThere(request: ReadRequest): ProtocolError {
  const { method, params } = request;
  if (method === 'resources/read') {
    return new ProtocolError(ProtocolErrorCode.ResourceNotFound, 'Resource not found', { uri: params.uri });
  }
  if (method === 'prompts/get') return invalidParams(`Unknown prompt: ${params.name.slice(0, 200)}`);
  return invalidParams('Unknown reference');
}

function toReadError(error: unknown, request: ReadRequest, session: Session): ProtocolError {
  if (!(error instanceof EngineError)) return toProtocolError(error, session);
  if (error.reason === 'NOT_FOUND' || error.reason === 'SERVER_NOT_FOUND') return notThere(request);
  const { category } = errorRules[error.code];
  // What was decided against it is no fault of AOS.
  if (category === 'policy') return new ProtocolError(serverError, error.message, dataOf(error));
  return toProtocolError(error, session);
}
