import { describe, expect, it } from '@jest/globals';
import { drainMs, settingsOf, trustedMs } from './settings.js';

const brokers = ['127.0.0.1:9092'];

describe('the Kafka settings', () => {
  it('demand a broker', () => {
    expect(() => settingsOf({ brokers: [] })).toThrow('brokers is empty');
  });

  it('have the defaults that the options document', () => {
    expect(settingsOf({ brokers })).toMatchObject({
      client: 'platformatic',
      prefix: '',
      tls: undefined,
      sasl: undefined,
      maxMessageBytes: 1024 ** 2,
      replicationFactor: undefined,
      sessionTimeoutMs: 10_000,
      deliveryTimeoutMs: 30_000,
    });
  });

  it('name clients by the id of their driver', () => {
    expect(settingsOf({ brokers, clientId: 'gateway' }, 'one').clientId).toBe('gateway-one');
  });

  it('take true for TLS without options', () => {
    expect(settingsOf({ brokers, tls: true }).tls).toEqual({});
    expect(settingsOf({ brokers, tls: { servername: 'kafka' } }).tls).toEqual({ servername: 'kafka' });
  });

  it('keep the time to drain below the time in which heartbeats are trusted, and that below the session', () => {
    const settings = settingsOf({ brokers, sessionTimeoutMs: 6_000 });
    expect(settings.heartbeatMs).toBeLessThan(drainMs(settings));
    expect(drainMs(settings)).toBeLessThan(trustedMs(settings));
    expect(trustedMs(settings)).toBeLessThan(settings.sessionTimeoutMs);
  });
});
