import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** The addresses of a host name. Rejects when there are none, in a few seconds at most. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** A host that webhooks may not reach. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
}

const NOT_PUBLIC = 'must be a host with public addresses only';

/** Where webhooks may go. `public`: by HTTPS to the public internet; `any`: anywhere, for development. */
export class WebhookTargets {
  constructor(
    private readonly allowed: 'public' | 'any',
    private readonly resolve: Resolve,
  ) {}

  /** Why a webhook may not have this URL; null when it may. A name that resolves to nothing isn't told from an inner one. */
  async refusalOf(url: URL): Promise<string | null> {
    if (this.allowed === 'any') return null;
    if (url.protocol !== 'https:') return 'must begin with https://';
    try {
      await this.addressesOf(hostOf(url));
      return null;
    } catch {
      return NOT_PUBLIC;
    }
  }

  /** To be asked before each attempt: who connects to an address looks up no name. */
  checkUrl(url: URL): void {
    if (this.allowed === 'any') return;
    const host = hostOf(url);
    if (url.protocol !== 'https:' || (isIP(host) !== 0 && !isPublicAddress(host))) throw new TargetRefused();
  }

  /** What to connect to: the checked addresses themselves, since the name may say others a moment later. */
  async addressesOf(host: string): Promise<LookupAddress[]> {
    const addresses = isIP(host) === 0 ? await this.resolve(host) : [host];
    const refused = this.allowed === 'public' && !addresses.every(isPublicAddress);
    if (refused || addresses.length === 0) throw new TargetRefused(NOT_PUBLIC);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }
}

function hostOf({ hostname }: URL): string {
  return hostname.replaceAll(/[[\]]/g, '');
}
