import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type { Logger };

/** Fields whose values never reach a log line, down to the third level of an object. */
const SECRET_FIELDS = [
  ...[
    'authorization',
    'x-internal-token',
    'cookie',
    'set-cookie',
    'password',
    'passwordHash',
    'secret',
    'privateKey',
  ],
  ...[
    'token',
    'accessToken',
    'refreshToken',
    'ticket',
    'email',
    'INTERNAL_TOKEN',
    'OPERATION_SECRET',
    'WEBHOOK_KEY',
  ],
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
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
      censor: '[redacted]',
    },
    mixin: traceIds,
  };
  if (destination) return pino(options, destination);
  if (env.NODE_ENV === 'production') return pino(options);
  const readable = PinoPretty({
    ignore: 'service,spanId',
    messageFormat: '{service}: {msg}',
    singleLine: true,
    // The last lines before an exit count.
    sync: true,
  });
  return pino(options, readable);
}

function traceIds(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { traceId: span.traceId, spanId: span.spanId } : {};
}
