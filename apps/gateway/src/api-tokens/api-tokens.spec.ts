import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ServiceClient, ServiceRequest } from '@taskwire/service';
import { ApiTokens } from './api-tokens.js';

const token = (letter: string) => `tw_${letter.repeat(43)}`;
const header = (letter: string) => `Bearer ${token(letter)}`;

let asked: ServiceRequest[];
let status: number;
let now: number;
let tokens: ApiTokens;
beforeEach(() => {
  [asked, status, now] = [[], 200, 0];
  const auth: Pick<ServiceClient, 'request'> = {
    request: (request) => {
      asked.push(request);
      const body = status === 200 ? { accessToken: `access-${asked.length}` } : {};
      return Promise.resolve({ status, headers: {}, body });
    },
  };
  tokens = new ApiTokens({ get: () => auth as ServiceClient }, () => now);
});

describe('API tokens', () => {
  it('are exchanged at auth, with the internal token, and never in a URL', async () => {
    expect(await tokens.exchange(header('a'))).toBe('Bearer access-1');
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/internal/api-tokens/exchange',
        internal: true,
        body: { token: token('a') },
      },
    ]);
  });

  it.each([undefined, '', 'Bearer a.b.c', 'Bearer tw_short', `Basic ${token('a')}`, `${header('a')} b`])(
    'are nothing like %p, which stays as it is',
    async (authorization) => {
      expect(await tokens.exchange(authorization)).toBe(authorization);
      expect(asked).toEqual([]);
    },
  );

  it('are asked for once a minute each, also by many requests at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => tokens.exchange(header('a'))));
    await tokens.exchange(header('b'));
    expect(asked).toHaveLength(2);

    now = 60_000;
    expect(await tokens.exchange(header('a'))).toBe('Bearer access-3');
  });

  it.each([
    [404, 'unauthenticated'],
    [500, 'service_unavailable'],
  ])('that auth answers with %d are refused as %s, and asked for again', async (refusal, code) => {
    status = refusal;
    await expect(tokens.exchange(header('a'))).rejects.toMatchObject({ code });

    status = 200;
    expect(await tokens.exchange(header('a'))).toBe('Bearer access-2');
  });
});
