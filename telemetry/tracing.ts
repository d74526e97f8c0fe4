import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { presetTraceId } from './spans';
import { presetSpanId } from './workflow-spans';

export interface Tracing {
  /** Sends what is left; to be called when the process ends. */
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const wanted = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

/**
 * Traces go where the standard OTEL_* variables say; without an endpoint nothing is loaded and nothing is wrapped.
 * Metrics and logs have ways of their own, so the SDK must not send them too.
 */
export async function startTracing(
  name: 'api' | 'worker',
  environment: Environment = process.env,
): Promise<Tracing | undefined> {
  const isWanted = wanted.some((each) => (environment[each] ?? '') !== '');
  if (!isWanted || environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  process.env.OTEL_METRICS_EXPORTER ??= 'none';
  process.env.OTEL_LOGS_EXPORTER ??= 'none';
  const { NodeSDK, tracing } = await import('@opentelemetry/sdk-node');
  const random = new tracing.RandomIdGenerator();
  const idGenerator: NonNullable<NodeSDKConfiguration['idGenerator']> = {
    generateTraceId: () => presetTraceId() ?? random.generateTraceId(),
    generateSpanId: () => presetSpanId() ?? random.generateSpanId(),
  };
  const sdk = new NodeSDK({ serviceName: environment.OTEL_SERVICE_NAME || `aos-${name}`, idGenerator });
  sdk.start();
  return { stop: () => sdk.shutdown().catch(() => {}) };
}
