import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { INTERNAL_TOKEN_HEADER } from '@taskwire/service';
import type { SessionClient } from './session.js';

const LONGEST_USER_AGENT = 200;

export interface ClientRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>> & {
    readonly 'user-agent'?: string | undefined;
  };
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface RequestClient extends SessionClient {
  /** What attempts are counted by: IPv6 users have a whole /64 to guess from. */
  readonly network: string;
  /** It has the token of load tests, and is not limited. */
  readonly exempt: boolean;
}

/**
 * Tells who sends a request: the address is what the gateway says, if it proves with the internal token that it is one; beside
 * the caller's own token in a header of its own.
 */
export class RequestClients {
  constructor(private readonly tokens: { readonly internal: string; readonly exempt: string | undefined }) {}

  of({ headers, socket }: ClientRequest): RequestClient {
    const forwarded = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim();
    const isGateway =
      isSame(headers.authorization, `Bearer ${this.tokens.internal}`) ||
      isSame(headers[INTERNAL_TOKEN_HEADER], this.tokens.internal);
    const address = withoutPrefix((isGateway && forwarded) || (socket.remoteAddress ?? ''));
    return {
      address,
      network: networkOf(address),
      userAgent: headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
      exempt: this.tokens.exempt !== undefined && isSame(headers['x-rate-limit-exempt'], this.tokens.exempt),
    };
  }
}

export function networkOf(address: string): string {
  return isIPv6(address) ? groups(address).slice(0, 4).join(':') : address;
}

/** IPv4 in IPv6 (`::ffff:192.0.2.1`) is IPv4. */
function withoutPrefix(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
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
