import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { ClientAddresses, networkOf, trustOf } from './client-address.js';

const request = (address: string, forwarded?: string) =>
  ({
    socket: { remoteAddress: address },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

describe('ClientAddresses', () => {
  it.each([
    ['', '10.0.0.1', '1.2.3.4', '10.0.0.1'],
    ['1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['10.0.0.0/8', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
    ['10.0.0.0/8, loopback', '127.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['10.0.0.0/8', '9.9.9.9', '1.2.3.4', '9.9.9.9'],
    ['loopback', '127.0.0.1', undefined, '127.0.0.1'],
  ])('trusting %p, a peer %p that says %p is %p', (setting, peer, forwarded, client) => {
    expect(new ClientAddresses(setting).of(request(peer, forwarded))).toBe(client);
  });

  it('refuses a setting that is none', () => {
    expect(() => trustOf('my-proxy')).toThrow(TypeError);
  });
});

describe('networkOf', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('%p counts as %p', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
