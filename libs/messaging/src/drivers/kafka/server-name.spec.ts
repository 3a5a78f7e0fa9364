import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@taskwire/testing';
import { KafkaDriver } from './kafka-driver.js';
import { Sockets } from './kafkajs/client.js';

/** Hears the greeting alone: without a certificate of its own it ends the handshake then. */
describe('the name in a TLS handshake', () => {
  let server: Server;
  let greetings: number;
  const names: string[] = [];

  beforeAll(async () => {
    server = createServer({
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    server.on('tlsClientError', () => (greetings += 1));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    greetings = 0;
    names.length = 0;
  });

  const greet: Record<string, (host: string, port: number) => Promise<void>> = {
    platformatic: async (host, port) => {
      const driver = new KafkaDriver({ brokers: [`${host}:${port}`], tls: true });
      await expect(driver.connect()).rejects.toMatchObject({ name: 'ConnectError', reason: 'unreachable' });
      await driver.close();
    },
    kafkajs: async (host, port) => {
      new Sockets().factory({ host, port, ssl: {}, onConnect: () => undefined });
      await until('a greeting', () => greetings > 0);
    },
  };

  it.each(['platformatic', 'kafkajs'])("is the broker's, and never an address, by %s", async (client) => {
    const { port } = server.address() as AddressInfo;
    await greet[client]?.('localhost', port);
    expect(new Set(names)).toEqual(new Set(['localhost']));
    greetings = 0;
    names.length = 0;
    await greet[client]?.('127.0.0.1', port);
    expect(greetings).toBeGreaterThan(0);
    expect(names).toEqual([]);
  });
});
