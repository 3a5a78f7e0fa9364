import type { Taskwire } from '@taskwire/client';
import { type Link, linksToBus } from '../faults/links.ts';
import { seeded } from '../faults/random.ts';
import { apiAt } from './client.js';
import type { Platform } from './platform.js';

/** One more gateway, which can be made deaf: what it sends reaches the bus, and no confirmation or reply comes back. */
export interface DeafGateway {
  apiFor(token: string): Taskwire;
  deafen(): void;
  /** Hears again, by new connections. */
  heal(): Promise<void>;
  /** Once the platform, which ends the gateway, has stopped. */
  close(): Promise<void>;
}

export async function deafGateway(platform: Platform): Promise<DeafGateway> {
  const links: readonly Link[] = await linksToBus(platform.busEnv, seeded('deaf'));
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'silent' };
  for (const link of links) Object.assign(env, link.env);
  const url = await platform.addGateway(env);
  return {
    apiFor: (token) => apiAt(url, token),
    deafen: () => {
      for (const { proxy } of links) proxy.add({ type: 'timeout', timeout: 0 }, 'downstream');
    },
    heal: async () => {
      await Promise.all(links.map(({ proxy }) => proxy.heal()));
    },
    close: async () => {
      await Promise.all(links.map((link) => link.close()));
    },
  };
}
