import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Driver } from '@taskwire/messaging';
import { faultProxy, freePorts, hasRabbitmq, rabbitmqUrl, until } from '@taskwire/testing';
import { awaitBroker, brokerReached } from './broker-reached.js';
import { ConfigError, readBusConfig } from '../config.js';

(hasRabbitmq() ? describe : describe.skip)('a broker that is not there', () => {
  it('is waited for, with what to do and without its password', async () => {
    const [port = 0] = await freePorts(1);
    const url = new URL(rabbitmqUrl);
    const secret = url.password;
    url.host = `127.0.0.1:${port}`;
    const said: string[] = [];
    let reached = false;
    const waiting = awaitBroker({ BUS: 'rabbitmq', RABBITMQ_URL: url.href }, (text) => said.push(text)).then(
      () => (reached = true),
    );
    await until('it says what is missing', () => said.length > 0);
    const before = reached;
    const { hostname, port: target } = new URL(rabbitmqUrl);
    const broker = await faultProxy({ target: `${hostname}:${target || 5672}`, port });
    await waiting;
    await broker.close();

    expect(before).toBe(false);
    expect(said[0]).toMatch(
      new RegExp(`RabbitMQ at 127.0.0.1:${port} .*ECONNREFUSED.*waiting.*local\\.sh start.*RABBITMQ_URL`),
    );
    expect(said.join()).not.toContain(`:${secret}@`);
  });
});

describe('while there is no broker', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each([
    ['rabbitmq', { BUS: 'rabbitmq', RABBITMQ_URL: 'amqp://127.0.0.1:1' }, 'deploy/rabbitmq/local.sh start'],
    ['kafka', { BUS: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' }, 'deploy/kafka/local.sh start'],
  ])('every 5 s it is said how to start one, until it is there: %s', async (_, env, how) => {
    const tries = [0, 4_999, 5_000, 9_999];
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const connect = () => {
      now = tries.shift() ?? now;
      return tries.length > 0 ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve();
    };
    const said: { readonly at: number; readonly how: boolean }[] = [];
    await brokerReached({ connect } as Driver, readBusConfig(env), (text) => {
      said.push({ at: now, how: text.includes(how) });
    });

    expect(said).toEqual([0, 5_000].map((at) => ({ at, how: true })));
  });
});

describe('a bus that needs no broker', () => {
  it.each(['postgres', 'memory'])('is not waited for: %s', async (bus) => {
    await awaitBroker({ BUS: bus }, () => undefined);
  });

  it('is refused by its name when there is none such', async () => {
    await expect(awaitBroker({ BUS: 'carrier-pigeon' }, () => undefined)).rejects.toThrow(ConfigError);
  });
});
