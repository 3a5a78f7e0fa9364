import { describe, expect, it } from '@jest/globals';
import { RequestClients } from './request-client.js';

const clients = new RequestClients({ internal: 'secret', exempt: undefined });
const from = (remoteAddress: string | undefined, headers = {}) =>
  clients.of({ headers, socket: { remoteAddress } }).address;
const gateway = { authorization: 'Bearer secret' };

describe('the address of a client', () => {
  it('is the one of the connection', () => {
    expect(from('192.0.2.1')).toBe('192.0.2.1');
    expect(from(undefined)).toBe('');
  });

  it('is what a gateway says, who proves to be one', () => {
    expect(from('10.0.0.1', { ...gateway, 'x-forwarded-for': '192.0.2.7' })).toBe('192.0.2.7');
  });

  it('is what a gateway says beside the token of a user', () => {
    const headers = { authorization: 'Bearer of.a.user', 'x-internal-token': 'secret' };
    expect(from('10.0.0.1', { ...headers, 'x-forwarded-for': '192.0.2.7' })).toBe('192.0.2.7');
  });

  it.each([
    ['with the token of a user alone', { authorization: 'Bearer of.a.user' }],
    ['with a wrong token beside it', { authorization: 'Bearer of.a.user', 'x-internal-token': 'guess' }],
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
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8::6', '2001:db8:0:0'],
    ['::1', '::1', '0:0:0:0'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ])('%s is shown as %s and counted as %s', (given, address, network) => {
    expect(clients.of({ headers: {}, socket: { remoteAddress: given } })).toMatchObject({ address, network });
  });
});

describe('the program of a client', () => {
  it.each([
    ['what it says', 'Firefox/140.0', 'Firefox/140.0'],
    ['nothing', undefined, null],
    ['too long to keep', 'x'.repeat(300), 'x'.repeat(200)],
  ])('is %s', (_, given, expected) => {
    const { userAgent } = clients.of({ headers: { 'user-agent': given }, socket: {} });
    expect(userAgent).toBe(expected);
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
    const client = new RequestClients({ internal: 'secret', exempt }).of({ headers, socket: {} });
    expect(client.exempt).toBe(expected);
  });
});
