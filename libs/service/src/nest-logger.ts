import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@taskwire/telemetry';

/** Nest's own messages as lines of our log; what it tells of its start is for debugging. */
export function nestLogger(log: Logger): LoggerService {
  const text = (message: unknown): string => (message instanceof Error ? message.message : String(message));
  return {
    log: (message) => log.debug(text(message)),
    debug: (message) => log.trace(text(message)),
    verbose: (message) => log.trace(text(message)),
    warn: (message) => log.warn(text(message)),
    error: (message, stack) =>
      log.error({ stack: typeof stack === 'string' ? stack : undefined }, text(message)),
    fatal: (message) => log.fatal(text(message)),
  };
}
