import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';

export interface LoginRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface LoginClient {
  readonly address: string;
  /** It has the token of load tests, and is not limited. */
  readonly exempt: boolean;
}

/** Tells who logs in: the address is what the gateway says, if it proves with the internal token that it is one. */
export class LoginClients {
  constructor(private readonly tokens: { readonly internal: string; readonly exempt: string | undefined }) {}

  of({ headers, socket }: LoginRequest): LoginClient {
    const forwarded = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim();
    const isGateway = isSame(headers.authorization, `Bearer ${this.tokens.internal}`);
    return {
      address: network((isGateway && forwarded) || (socket.remoteAddress ?? '')),
      exempt: this.tokens.exempt !== undefined && isSame(headers['x-rate-limit-exempt'], this.tokens.exempt),
    };
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
