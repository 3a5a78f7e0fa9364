import { describe, expect, it } from '@jest/globals';
import { TargetRefused, WebhookTargets } from './targets.js';

const names: Record<string, string[]> = {
  'hooks.example.org': ['93.184.216.34', '2606:2800:220:1::1'],
  'inner.example.org': ['10.0.0.5'],
  'mixed.example.org': ['93.184.216.34', '::1'],
  'empty.example.org': [],
};
const resolve = (host: string) => {
  const found = names[host];
  return found ? Promise.resolve(found) : Promise.reject(new Error(`no such name: ${host}`));
};
const open = new WebhookTargets('public', resolve);
const NOT_PUBLIC = 'must be a host with public addresses only';

describe('the URL of a webhook', () => {
  it.each([
    ['https://hooks.example.org/a?b=c', null],
    ['https://hooks.example.org:8443/', null],
    ['https://93.184.216.34/', null],
    ['https://[2606:4700:4700::1111]/', null],
    ['http://hooks.example.org/', 'must begin with https://'],
    ['https://inner.example.org/', NOT_PUBLIC],
    ['https://mixed.example.org/', NOT_PUBLIC],
    ['https://empty.example.org/', NOT_PUBLIC],
    ['https://unknown.example.org/', NOT_PUBLIC],
    ['https://127.0.0.1/', NOT_PUBLIC],
    ['https://2130706433/', NOT_PUBLIC],
    ['https://0x7f.1/', NOT_PUBLIC],
    ['https://0177.0.0.1/', NOT_PUBLIC],
    ['https://127.1/', NOT_PUBLIC],
    ['https://[::1]/', NOT_PUBLIC],
    ['https://[::ffff:127.0.0.1]/', NOT_PUBLIC],
    ['https://169.254.169.254/latest/meta-data', NOT_PUBLIC],
    ['https://localhost/', NOT_PUBLIC],
  ])('%s: %s', async (url, refusal) => {
    expect(await open.refusalOf(new URL(url))).toBe(refusal);
  });

  it('may be anywhere where that is allowed', async () => {
    const any = new WebhookTargets('any', resolve);
    expect(await any.refusalOf(new URL('http://127.0.0.1:4000/'))).toBeNull();
    expect(await any.addressesOf('inner.example.org')).toEqual([{ address: '10.0.0.5', family: 4 }]);
  });
});

describe('a connection', () => {
  it('goes to the addresses that were checked', async () => {
    expect(await open.addressesOf('hooks.example.org')).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:2800:220:1::1', family: 6 },
    ]);
  });

  it('is refused when one of the addresses is not public, whatever the name said before', async () => {
    await expect(open.addressesOf('mixed.example.org')).rejects.toThrow(TargetRefused);
    expect(() => open.checkUrl(new URL('https://10.0.0.1/'))).toThrow(TargetRefused);
    expect(() => open.checkUrl(new URL('https://[::ffff:10.0.0.1]/'))).toThrow(TargetRefused);
    expect(() => open.checkUrl(new URL('http://hooks.example.org/'))).toThrow(TargetRefused);
  });
});
