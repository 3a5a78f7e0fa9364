import { describe, expect, it } from '@jest/globals';
import { GatewaySettings } from './settings.js';

const least = { OPERATION_SECRET: 'x'.repeat(32) };

describe('GatewaySettings', () => {
  it('needs a secret only', () => {
    expect(GatewaySettings.parse(least)).toMatchObject({
      RATE_LIMIT_IP: 600,
      RATE_LIMIT_USER: 300,
      TRUST_PROXY: '',
    });
  });

  it('takes a list of origins', () => {
    const { CORS_ORIGINS } = GatewaySettings.parse({
      ...least,
      CORS_ORIGINS: 'https://a.example, https://b.example',
    });

    expect(CORS_ORIGINS).toEqual(['https://a.example', 'https://b.example']);
  });

  it.each([
    ['OPERATION_SECRET', 'short'],
    ['CORS_ORIGINS', 'a.example'],
    ['CORS_ORIGINS', 'https://a.example/path'],
    ['RATE_LIMIT_IP', '0'],
    ['RATE_LIMIT_EXEMPT_TOKEN', 'guess'],
    ['TRUST_PROXY', 'my-proxy'],
  ])('refuses %s=%s', (name, value) => {
    const faults = GatewaySettings.safeParse({ ...least, [name]: value }).error?.issues;

    expect(faults?.map(({ path }) => path[0])).toEqual([name]);
  });
});
