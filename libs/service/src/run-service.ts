import { ConfigError } from './config.js';
import type { AnyService } from './definition.js';
import { startService } from './start-service.js';

/** The main program of an app: starts it from the environment, drains on SIGTERM or Ctrl-C; a second one ends at once. */
export async function runService(definition: AnyService): Promise<void> {
  try {
    const running = await startService(definition, process.env);
    let ending = false;
    const end = (): void => {
      if (ending) process.exit(1);
      ending = true;
      running.close().then(
        () => process.exit(0),
        (error: unknown) => fail(definition.name, error),
      );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  } catch (error) {
    fail(definition.name, error);
  }
}

function fail(name: string, error: unknown): never {
  const text =
    error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${name}: ${text ?? 'failed'}\n`);
  process.exit(1);
}
