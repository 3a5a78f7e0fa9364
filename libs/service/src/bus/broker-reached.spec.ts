import { describe, expect, it } from '@jest/globals';
import { faultProxy, freePorts, hasRabbitmq, rabbitmqUrl, until } from '@taskwire/testing';
import { awaitBroker } from './broker-reached.js';
import { ConfigError } from '../config.js';

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

describe('a bus that needs no broker', () => {
  it.each(['postgres', 'memory'])('is not waited for: %s', async (bus) => {
    await awaitBroker({ BUS: bus }, () => undefined);
  });

  it('is refused by its name when there is none such', async () => {
    await expect(awaitBroker({ BUS: 'carrier-pigeon' }, () => undefined)).rejects.toThrow(ConfigError);
  });
});
