import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newSecret, signedHeaders } from './signature.js';

const body = '{"type":"task.created.v1","data":{"title":"Zoë 🚀"}}';

describe('a signature', () => {
  it('is what Standard Webhooks verifies', () => {
    const secret = newSecret();
    const headers = signedHeaders(secret, 'an-id', body, new Date());
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it('is the one of its published example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = signedHeaders(
      secret,
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      new Date(1_614_265_330_000),
    );
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it.each([
    ['the body', (headers: Record<string, string>) => [body.replace('Zoë', 'Eve'), headers] as const],
    ['the id', (headers: Record<string, string>) => [body, { ...headers, 'webhook-id': 'another' }] as const],
    [
      'the time',
      (headers: Record<string, string>) =>
        [
          body,
          { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) },
        ] as const,
    ],
  ])('does not fit when %s was changed', (_, change) => {
    const secret = newSecret();
    const [text, headers] = change(signedHeaders(secret, 'an-id', body, new Date()));
    expect(() => new Webhook(secret).verify(text, headers)).toThrow('No matching signature found');
  });

  it('has a secret of its own for each webhook, of 32 bytes', () => {
    const secrets = [newSecret(), newSecret()];
    expect(new Set(secrets).size).toBe(2);
    for (const secret of secrets) {
      expect(secret.startsWith('whsec_')).toBe(true);
      expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    }
  });
});
