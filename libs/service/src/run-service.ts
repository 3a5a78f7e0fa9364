import { StartRefused } from '@taskwire/messaging';
import { createLogger } from '@taskwire/telemetry';
import { ConfigError } from './config.js';
import type { AnyService, RunningService } from './definition.js';
import { MigrationError } from './migrate.js';
import { startService } from './start-service.js';

// npm passes a Ctrl-C on that the terminal has sent to this process already: that is no second one.
const SAME_PRESS_MS = 300;

const EXPECTED = [ConfigError, MigrationError, StartRefused];

// Of the network, and of PostgreSQL: wrong password, unknown user, starting up.
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'EAI_AGAIN'],
  ...['28P01', '28000', '57P03'],
]);

/**
 * The main program of an app: starts it from the environment, drains on SIGTERM or Ctrl-C and ends with 0; a second
 * signal ends it at once. A start that fails, and an error that nobody caught, end it with 1.
 */
export async function runService(definition: AnyService): Promise<void> {
  const { name } = definition;
  // The state is unknown from here on; what was acknowledged is in the stores, and the rest is delivered again.
  process.on('uncaughtException', (error) => {
    createLogger({ service: name, env: process.env }).fatal({ err: error }, 'an error that nobody caught');
    process.exit(1);
  });
  try {
    drainOnSignals(await startService(definition, process.env));
  } catch (error) {
    process.stderr.write(`${name}: ${explain(error)}\n`);
    process.exit(1);
  }
}

function drainOnSignals(running: RunningService): void {
  let first: number | undefined;
  const end = (): void => {
    if (first !== undefined && performance.now() - first > SAME_PRESS_MS) process.exit(130);
    if (first !== undefined) return;
    first = performance.now();
    void running.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

/** One line for what an operator can do something about; everything there is for what should not happen. */
function explain(error: unknown): string {
  if (EXPECTED.some((kind) => error instanceof kind)) return (error as Error).message;
  const { code = '', port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken: set PORT to another one, or end what uses it`;
  if (UNREACHABLE.has(code)) {
    return `PostgreSQL can't be reached (${code}): check that it runs where DATABASE_URL and BUS_DATABASE_URL say`;
  }
  return (error instanceof Error ? error.stack : undefined) ?? String(error);
}
