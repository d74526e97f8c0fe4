import {
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { CallView } from '../../contracts/api/tool-calls';
import { gatewayMeta } from '../../contracts/gateway';
import { declaredBy } from './declared';
import { mintState } from './request-states';
import type { GatewayServices, Session } from './session';
import { told, type Meta } from './told';

const question = 'approval';

/** What the person before the agent said. Nothing of it decides about the call: it can only be looked at, or taken back. */
export type Reply = 'none' | 'check' | 'withdraw' | 'dismissed';

export function replyOf(ctx: ServerContext): Reply {
  const given = inputResponse(ctx.mcpReq.inputResponses, question);
  if (given.kind !== 'elicit') return 'none';
  if (given.action === 'cancel') return 'dismissed';
  return given.action === 'decline' || given.content?.next === 'withdraw' ? 'withdraw' : 'check';
}

export interface WaitingForm {
  readonly ctx: ServerContext;
  readonly key: string;
  readonly meta: Meta;
}

/** A call that is not over: the client asks again by itself, asks the person before it, or is told how to ask again. */
export async function waitingResult(
  { stateKeys }: Pick<GatewayServices, 'stateKeys'>,
  { context, isModern, origin }: Pick<Session, 'context' | 'isModern' | 'origin'>,
  view: CallView,
  { ctx, key, meta }: WaitingForm,
): Promise<CallToolResult | InputRequiredResult> {
  const requestState = () => mintState(stateKeys, { context, ctx }, { key, invocationId: view.invocation_id });
  if (view.status === 'running') {
    if (isModern) return { ...inputRequired({ requestState: await requestState() }), _meta: meta };
    return told(['The tool has not answered yet', ...again(key), `(running, ${view.invocation_id})`], meta);
  }
  const approval = approvalOf(view, origin);
  const canBeAsked = isModern && canAsk(ctx) && replyOf(ctx) !== 'dismissed';
  if (!canBeAsked) {
    return told([approval, ...again(key), `(pending, ${view.invocation_id})`], {
      ...meta,
      [gatewayMeta.approval]: view.approval_id,
    });
  }
  const ask = inputRequired.elicit({
    message: `${approval} Check whether that has happened, or take the call back?`,
    requestedSchema,
  });
  return {
    ...inputRequired({ inputRequests: { [question]: ask }, requestState: await requestState() }),
    _meta: { ...meta, [gatewayMeta.approval]: view.approval_id },
  };
}

const requestedSchema = {
  type: 'object' as const,
  properties: {
    next: {
      type: 'string' as const,
      title: 'Next',
      oneOf: [
        { const: 'check', title: 'Check again' },
        { const: 'withdraw', title: 'Take the call back' },
      ],
      default: 'check',
    },
  },
  required: ['next'],
};

export function approvalOf(
  { approval_id: id, approval_expires_at: until, tool_name: tool }: CallView,
  origin: string,
): string {
  return (
    `The call of ${tool} waits for approval ${id ?? ''}, which another person gives or denies at ` +
    `${origin}/api/v1/approvals/${id ?? ''}${until === null ? '' : ` until ${until}`}.`
  );
}

function again(key: string): string[] {
  return [
    `Call again with the same arguments and the same key, _meta["${gatewayMeta.key}"] = "${key}", for what has become of it`,
  ];
}

// A bare declaration means forms, as it did before there were other modes.
function canAsk(ctx: ServerContext): boolean {
  const { elicitation } = declaredBy(ctx);
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
