import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';

export interface AddressedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Where a request comes from: what the gateway says, if it proves with the internal token that it is one. */
export class ClientAddress {
  constructor(private readonly internalToken: string) {}

  of({ headers, socket }: AddressedRequest): string {
    const forwarded = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim();
    const trusted = forwarded && isSame(headers.authorization, `Bearer ${this.internalToken}`);
    return network((trusted && forwarded) || (socket.remoteAddress ?? ''));
  }
}

/** IPv6 users have a whole /64 to guess from: it counts as one address. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? groups(address).slice(0, 4).join(':') : address;
}

function groups(address: string): string[] {
  const [head = '', tail] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  if (tail === undefined) return [...head];
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail];
}

function isSame(given: string | string[] | undefined, expected: string): boolean {
  const [a, b] = [String(given ?? ''), expected].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
