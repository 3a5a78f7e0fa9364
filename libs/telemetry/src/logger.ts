import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type { Logger };

/** Fields whose values never reach a log line, wherever they stand. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'accessToken',
  'refreshToken',
  'token',
  'ticket',
  'email',
];

export interface LoggerOptions {
  readonly service: string;
  /** `LOG_LEVEL` (default info), `NODE_ENV` (production: JSON, otherwise readable lines). */
  readonly env: NodeJS.ProcessEnv;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** A logger whose lines carry the service and, inside a trace, its ids. */
export function createLogger({ service, env, destination }: LoggerOptions): Logger {
  const options = {
    level: env.LOG_LEVEL ?? 'info',
    base: { service },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
    mixin: traceIds,
  };
  if (destination) return pino(options, destination);
  if (env.NODE_ENV === 'production') return pino(options);
  const readable = PinoPretty({
    ignore: 'pid,hostname,service,traceId,spanId',
    messageFormat: '{service}: {msg}',
  });
  return pino(options, readable);
}

function traceIds(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { traceId: span.traceId, spanId: span.spanId } : {};
}
