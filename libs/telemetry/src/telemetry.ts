import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { PrismaInstrumentation } from '@prisma/instrumentation';
import { serviceNames } from './service-names.js';

export interface TelemetryOptions {
  /** Name of the process: `service.name` of its resource. */
  readonly service: string;
  /** `OTEL_EXPORTER_OTLP_ENDPOINT` sends spans there; without it nothing leaves the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Further processors, for tests and views of their own. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

export interface Telemetry {
  /** Sends what is left; at most a few seconds. */
  shutdown(): Promise<void>;
}

let running: Telemetry | undefined;

/** Sets up tracing for the process. The first call wins: services that share a process share its telemetry. */
export function startTelemetry({ service, env, spanProcessors = [] }: TelemetryOptions): Telemetry {
  if (running) return running;
  const exporting = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME ?? service,
    spanProcessors: [
      serviceNames,
      ...(exporting ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : []),
      ...spanProcessors,
    ],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [new PrismaInstrumentation()],
  });
  sdk.start();
  running = {
    shutdown: async () => {
      running = undefined;
      await sdk.shutdown();
    },
  };
  return running;
}

/** Id of the trace that is under way, 32 hexadecimal digits, or undefined outside of one. */
export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
