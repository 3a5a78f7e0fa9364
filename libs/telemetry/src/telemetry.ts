import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { PrismaInstrumentation } from '@prisma/instrumentation';
import { sampler } from './sampler.js';
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
  /** Sends what is left, at most a few seconds, once everybody who started it has called this. */
  shutdown(): Promise<void>;
}

/** Steps of Prisma that touch no database: two spans for each statement that say nothing. */
const INNER_STEPS = ['prisma:client:serialize', 'prisma:client:compile'];

let running: { readonly sdk: NodeSDK; users: number } | undefined;

/**
 * Sets up tracing for the process, with W3C `traceparent` between processes. The first call decides: services that share
 * a process share its telemetry, and their spans are told apart by `taskwire.service`.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  running ??= { sdk: startSdk(options), users: 0 };
  running.users += 1;
  let released = false;
  return {
    shutdown: async () => {
      if (released || !running) return;
      released = true;
      running.users -= 1;
      if (running.users > 0) return;
      const { sdk } = running;
      running = undefined;
      try {
        await sdk.shutdown();
      } finally {
        // What is global refuses a second registration, so a later start would trace nothing.
        for (const api of [trace, context, propagation, metrics]) api.disable();
      }
    },
  };
}

function startSdk({ service, env, spanProcessors = [] }: TelemetryOptions): NodeSDK {
  const url = exportUrl(env);
  const isRead = url !== undefined || spanProcessors.length > 0;
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME ?? service,
    ...samplerFor(env, isRead),
    spanProcessors: [
      serviceNames,
      ...(url === undefined ? [] : [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })]),
      ...spanProcessors,
    ],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [new PrismaInstrumentation({ ignoreSpanTypes: INNER_STEPS })],
  });
  sdk.start();
  return sdk;
}

/** Where nobody reads spans none is recorded; trace ids are there all the same. Else OTEL_TRACES_SAMPLER decides, if set. */
function samplerFor(env: NodeJS.ProcessEnv, isRead: boolean): { sampler?: Sampler } {
  if (!isRead) return { sampler: new AlwaysOffSampler() };
  return env.OTEL_TRACES_SAMPLER ? {} : { sampler };
}

/** By OpenTelemetry's rules: the variable for traces is the whole URL, the general one its base. */
function exportUrl(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
  return `${env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '')}/v1/traces`;
}

/** Id of the trace that is under way, 32 hexadecimal digits, or undefined outside of one. */
export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
