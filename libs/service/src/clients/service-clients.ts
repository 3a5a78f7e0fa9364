import type { ServiceName } from '@taskwire/contracts';
import { ServiceClient } from './service-client.js';

/** Several URLs of one service are separated by commas. */
export type ServiceUrls = Readonly<Partial<Record<ServiceName, string>>>;

/** The other services by internal HTTP. */
export class ServiceClients {
  readonly #clients = new Map<ServiceName, ServiceClient>();

  constructor(urls: ServiceUrls, internalToken: string) {
    for (const [name, url] of Object.entries(urls) as [ServiceName, string][]) {
      this.#clients.set(name, new ServiceClient(name, url, internalToken));
    }
  }

  get(name: ServiceName): ServiceClient {
    const client = this.#clients.get(name);
    if (!client) throw new TypeError(`the URL of ${name} is not set: set ${name.toUpperCase()}_URL`);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
