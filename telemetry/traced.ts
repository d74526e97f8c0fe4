import { SpanKind } from '@opentelemetry/api';
import type { Dispatcher } from 'undici';
import { parseContext, type ExecutionContext } from '../contracts/execution-context';
import type { OutboxMessage, OutboxPort } from '../contracts/outbox';
import type { Dispatch } from '../operations/catalogue';
import type { Around } from './around';
import { idAttributes, inOwnTrace, inSpan } from './spans';

/** A turn of a schedule comes through no door, so this is where its trace begins. */
const beginsTrace = (operation: string) => operation === 'knowledge.schedules.begin_run';

/** Each operation is a span, and what it leaves behind (jobs, messages) says that it came from there. */
export function traceDispatch(dispatch: Dispatch): Dispatch {
  return ((context: ExecutionContext, operation: string, request: unknown) => {
    const attributes = { 'aos.operation': operation, ...idAttributes(context) };
    const within = beginsTrace(operation) ? inOwnTrace : inSpan;
    return within({ name: `operation ${operation}`, attributes, from: context }, (spanId) =>
      dispatch(positioned(context, spanId), operation as never, request as never),
    );
  }) as unknown as Dispatch;
}

/** The delivery of a message, from whichever process, belongs to the request that left it. */
export function traceDelivery(port: OutboxPort): OutboxPort {
  return {
    deliver(message) {
      // Messages without a requester are the engine's own, and belong to no trace.
      if (!('requester' in message.payload)) return port.deliver(message);
      const requester = parseContext(message.payload.requester);
      const attributes = { 'messaging.destination.name': message.topic, ...idAttributes(requester) };
      const options = { name: `deliver ${message.topic}`, kind: SpanKind.PRODUCER, attributes, from: requester };
      return inSpan(options, (spanId) => {
        const payload = { ...message.payload, requester: positioned(requester, spanId) };
        return port.deliver({ ...message, payload } as OutboxMessage);
      });
    },
  };
}

function positioned(context: ExecutionContext, spanId: string | undefined): ExecutionContext {
  return spanId === undefined ? context : { ...context, spanId };
}

export const traceCalls: Around = ({ adapter, method }, work) =>
  inSpan({ name: `${adapter} ${method}`, kind: SpanKind.CLIENT, attributes: { 'aos.adapter': adapter } }, work);

/** Every request that leaves over HTTP: where to and how it ended. Paths may carry data, so they are left out. */
export function traceEgress(egress: Dispatcher): Dispatcher {
  return egress.compose((dispatch) => (options, handler) => {
    const url = new URL(String(options.origin));
    const attributes = {
      'http.request.method': options.method,
      'server.address': url.hostname,
      ...(url.port !== '' && { 'server.port': Number(url.port) }),
    };
    let accepted = true;
    void inSpan({ name: options.method, kind: SpanKind.CLIENT, attributes }, () => {
      return new Promise<void>((resolve, reject) => {
        accepted = dispatch(options, observed(handler, resolve, reject));
      });
    }).catch(() => {});
    return accepted;
  });
}

type Handler = Dispatcher.DispatchHandler;

// The span ends with the answer; the handler sees everything as it came.
function observed(handler: Handler, done: () => void, failed: (error: Error) => void): Handler {
  return Object.assign(Object.create(handler) as Handler, {
    onRequestStart: handler.onRequestStart?.bind(handler),
    onRequestUpgrade: handler.onRequestUpgrade?.bind(handler),
    onResponseStart: handler.onResponseStart?.bind(handler),
    onResponseData: handler.onResponseData?.bind(handler),
    onResponseEnd(...args: Parameters<NonNullable<Handler['onResponseEnd']>>) {
      done();
      handler.onResponseEnd?.(...args);
    },
    onResponseError(...args: Parameters<NonNullable<Handler['onResponseError']>>) {
      failed(args[1]);
      handler.onResponseError?.(...args);
    },
  });
}
