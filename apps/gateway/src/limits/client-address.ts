import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';

type Trust = (address: string, hop: number) => boolean;

/**
 * Which proxies may name the client in X-Forwarded-For: none (empty), a number of hops, or addresses, CIDR blocks and
 * `loopback`, `linklocal`, `uniquelocal`, separated by commas. Throws a TypeError on anything else.
 */
export function trustOf(setting: string): Trust {
  if (setting === '') return () => false;
  if (/^\d+$/.test(setting)) return (_address, hop) => hop < Number(setting);
  return proxyAddr.compile(setting.split(',').map((part) => part.trim()));
}

/** Where requests come from, behind the proxies that are trusted. */
export class ClientAddresses {
  private readonly trust: Trust;

  constructor(trustProxy: string) {
    this.trust = trustOf(trustProxy);
  }

  of(request: IncomingMessage): string {
    return proxyAddr(request, this.trust);
  }
}

/** What a limit counts by: one who has an IPv6 address has a whole /64 of them. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.') || !isIPv6(address))
    return address.replace(/^::ffff:/i, '');
  const [head = '', tail = ''] = address.split('::');
  const [left, right] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(Math.max(0, 8 - (left?.length ?? 0) - (right?.length ?? 0))).fill('0');
  return [...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4).join(':');
}
