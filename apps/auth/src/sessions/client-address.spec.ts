import { describe, expect, it } from '@jest/globals';
import { ClientAddress } from './client-address.js';

const address = new ClientAddress('secret');
const from = (remoteAddress: string | undefined, headers = {}) =>
  address.of({ headers, socket: { remoteAddress } });
const gateway = { authorization: 'Bearer secret' };

describe('the address that logins are counted by', () => {
  it('is the one of the connection', () => {
    expect(from('192.0.2.1')).toBe('192.0.2.1');
    expect(from(undefined)).toBe('');
  });

  it('is what a gateway says, who proves to be one', () => {
    expect(from('10.0.0.1', { ...gateway, 'x-forwarded-for': '192.0.2.7' })).toBe('192.0.2.7');
  });

  it.each([
    ['without a token', {}],
    ['with a wrong token', { authorization: 'Bearer guess' }],
    ['with an empty token', { authorization: 'Bearer ' }],
  ])('is not what somebody says %s', (_, headers) => {
    expect(from('10.0.0.1', { ...headers, 'x-forwarded-for': '192.0.2.7' })).toBe('10.0.0.1');
  });

  it('is the last of a list, which the gateway itself added', () => {
    expect(from('10.0.0.1', { ...gateway, 'x-forwarded-for': '1.2.3.4, 192.0.2.7' })).toBe('192.0.2.7');
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('of IPv6 is its network: %s counts as %s', (given, expected) => {
    expect(from(given)).toBe(expected);
  });
});
