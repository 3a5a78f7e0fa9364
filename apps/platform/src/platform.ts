import type { RunningService } from '@taskwire/service';
import { awaitBroker } from '@taskwire/service/bus';
import { openDataFolder } from './data-folder.js';
import { openDatabases } from './databases.js';
import { environmentOf } from './environment.js';
import { checkPorts } from './ports.js';
import type { EmbeddedPostgres } from './postgres/embedded-postgres.js';
import { openSecrets, type Secrets } from './secrets.js';
import type { Name, Settings } from './settings.js';

export interface Platform {
  secrets: Secrets;
  postgres: EmbeddedPostgres | undefined;
  /** Drains the gateway, then the services behind it, then stops the database. */
  close: () => Promise<void>;
}

type Undo = () => void | Promise<void>;

/** Starts everything on one data folder. When a part can't start, what runs by then is ended again. */
export async function startPlatform(
  settings: Settings,
  outer: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<Platform> {
  const undo: Undo[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    undo.push(openDataFolder(settings.dataFolder));
    await checkPorts(settings);
    await awaitBroker(outer, say);
    // The apps are loaded while the database starts, and only once it is clear that they can run here.
    const [{ urls, postgres }, { migrateAll, startAll }] = await Promise.all([
      openDatabases(settings),
      import('./services.js'),
    ]);
    if (postgres) undo.push(() => postgres.stop());

    await migrateAll(urls);
    const secrets = openSecrets(settings.dataFolder);
    const running = new Map<Name, RunningService>();
    undo.push(() => closeAll(running));
    await startAll(
      (name) => environmentOf(name, settings, urls, secrets, outer),
      (name, service) => running.set(name, service),
    );
    return { secrets, postgres, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeAll(running: Map<Name, RunningService>): Promise<void> {
  await running.get('gateway')?.close();
  running.delete('gateway');
  await Promise.all([...running.values()].map((service) => service.close()));
}
