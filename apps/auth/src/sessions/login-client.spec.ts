import { describe, expect, it } from '@jest/globals';
import { LoginClients } from './login-client.js';

const clients = new LoginClients({ internal: 'secret', exempt: undefined });
const from = (remoteAddress: string | undefined, headers = {}) =>
  clients.of({ headers, socket: { remoteAddress } }).address;
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

describe('a load test', () => {
  it.each([
    ['the token', 'load', 'load', true],
    ['another token', 'load', 'guess', false],
    ['no token', 'load', undefined, false],
    ['nothing, where there is no token', undefined, undefined, false],
    ['an empty one, where there is no token', undefined, '', false],
  ])('with %s', (_, exempt, given, expected) => {
    const headers = { 'x-rate-limit-exempt': given };
    const client = new LoginClients({ internal: 'secret', exempt }).of({ headers, socket: {} });
    expect(client.exempt).toBe(expected);
  });
});
