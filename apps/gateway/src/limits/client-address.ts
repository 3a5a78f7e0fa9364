import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

type Trust = (address: string, hop: number) => boolean;

/**
 * Which proxies may name the client in X-Forwarded-For: nothing (trust none), a number of hops, or addresses, CIDR blocks
 * and `loopback`, `linklocal`, `uniquelocal`, separated by commas. Throws a TypeError on anything else.
 */
export function trustOf(setting: string): Trust {
  if (setting === '') return () => false;
  if (/^\d+$/.test(setting)) return (_address, hop) => hop < Number(setting);
  return proxyAddr.compile(setting.split(',').map((part) => part.trim()));
}

export function clientAddress(request: IncomingMessage, trust: Trust): string {
  return proxyAddr(request, trust);
}
