import type { RunningService } from '@taskwire/service';
import { awaitBroker } from '@taskwire/service/bus';
import type { AppName } from '@taskwire/service/settings';
import { readAllSettings } from './all-settings.js';
import { openDataFolder } from './data-folder.js';
import { checkDatabases, databasesOf, needsPostgres } from './databases.js';
import { environmentOf } from './environment.js';
import { checkPorts } from './ports.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/embedded-postgres.js';
import { openSecrets, type Secrets } from './secrets.js';
import type { Settings } from './settings.js';

export interface Platform {
  settings: Settings;
  outer: NodeJS.ProcessEnv;
  secrets: Secrets;
  postgres: EmbeddedPostgres | undefined;
  /** Drains the gateway, then the services behind it, then stops the database. */
  close: () => Promise<void>;
}

type Undo = () => void | Promise<void>;

/**
 * Starts everything on one data folder. When a part can't start, or `stop` is aborted meanwhile, what runs by then is
 * ended again.
 */
export async function startPlatform(
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
  stop: AbortSignal,
): Promise<Platform> {
  // Loaded before anything is started: they know which settings there are, and one that can't be loaded leaves nothing.
  const { apps, migrateAll, startAll } = await import('./services.js');
  const { settings, outer } = readAllSettings(env, apps);

  const undo: Undo[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    stop.throwIfAborted();
    undo.push(openDataFolder(settings.dataFolder));
    await checkPorts(settings);
    await unlessStopped(stop, awaitBroker(outer, say));
    await unlessStopped(stop, checkDatabases(settings));
    const postgres = needsPostgres(settings) ? await startEmbeddedPostgres(settings.dataFolder) : undefined;
    if (postgres) undo.push(() => postgres.stop());
    stop.throwIfAborted();

    const databases = databasesOf(settings, postgres);
    await migrateAll(databases);
    const secrets = openSecrets(settings);
    stop.throwIfAborted();

    const running = new Map<AppName, RunningService>();
    undo.push(() => closeAll(running));
    await startAll(
      (name) => environmentOf(name, settings, databases, secrets, outer),
      (name, service) => running.set(name, service),
    );
    stop.throwIfAborted();
    return { settings, outer, secrets, postgres, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** For waits that leave nothing to undo, and may last. */
async function unlessStopped(stop: AbortSignal, wait: Promise<void>): Promise<void> {
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
  });
  await Promise.race([wait, stopped]);
  stop.throwIfAborted();
}

async function closeAll(running: Map<AppName, RunningService>): Promise<void> {
  await running.get('gateway')?.close();
  running.delete('gateway');
  await Promise.all([...running.values()].map((service) => service.close()));
}
