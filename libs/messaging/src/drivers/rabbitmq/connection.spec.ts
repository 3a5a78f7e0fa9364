import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChannelModel } from 'amqplib';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { cutProxy, type CutProxy } from '../../../testing/cut-proxy.js';
import { closed, withChannel } from './channel.js';
import { Link, type LinkEvents } from './connection.js';
import { describeRabbitmq } from './rabbitmq.fixture.js';
import { settingsOf } from './settings.js';

describeRabbitmq('Link', () => {
  let proxy: CutProxy;

  beforeAll(async () => {
    const { hostname, port } = new URL(rabbitmqUrl);
    proxy = await cutProxy(Number(port), hostname);
  });

  afterAll(() => proxy.close());

  function link(events: Partial<LinkEvents>, name = 'link') {
    const url = new URL(rabbitmqUrl);
    url.port = String(proxy.port);
    const warnings: string[] = [];
    const settings = settingsOf({ url: url.href, onWarning: (text) => warnings.push(text) });
    const made = new Link(settings, name, { up: () => Promise.resolve(), lost: () => undefined, ...events });
    return { made, warnings };
  }

  it('makes one connection for all who ask at once', async () => {
    let ups = 0;
    const { made } = link({
      up: () => {
        ups += 1;
        return Promise.resolve();
      },
    });
    const models = await Promise.all([made.connection(), made.connection(), made.connection()]);
    expect(new Set(models).size).toBe(1);
    expect(ups).toBe(1);
    await made.close();
    await expect(made.connection()).rejects.toThrow('closed');
  });

  it('notices a connection that is lost while it is set up, although that setting up succeeds', async () => {
    const models: ChannelModel[] = [];
    let losses = 0;
    const { made } = link(
      {
        up: async (model) => {
          models.push(model);
          if (models.length !== 2) return;
          const end = new Promise((resolve) => model.once('close', resolve));
          proxy.cut('lost while set up');
          await end;
        },
        lost: () => (losses += 1),
      },
      'lost while set up',
    );
    await made.connection();
    proxy.cut('lost while set up');
    await until('the third', () => models.length === 3 && made.model === models[2]);
    expect(losses).toBe(2);
    await withChannel(await made.connection(), (channel) => channel.checkExchange('amq.direct'));
    await made.close();
    expect(losses).toBe(3);
  });

  it('tries again when setting up fails, and says so', async () => {
    let ups = 0;
    const { made, warnings } = link({
      up: () => ((ups += 1) === 2 ? Promise.reject(new Error('not today')) : Promise.resolve()),
    });
    await made.connection();
    proxy.cut();
    await until('the third', () => ups === 3 && made.model);
    expect(warnings.join()).toContain('not today');
    await made.close();
  });

  it('rejects and stays down when the first attempt fails', async () => {
    const { made } = link({ up: () => Promise.reject(new Error('never')) });
    await expect(made.connection()).rejects.toThrow('never');
    expect(made.model).toBeUndefined();
    await made.close();
  });

  it.each(['close', 'abort'] as const)(
    'leaves nothing behind when a %s comes while it is set up',
    async (end) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let seen: ChannelModel | undefined;
      const { made } = link({
        up: (model) => {
          seen = model;
          return promise;
        },
      });
      const connecting = made.connection();
      await until('setting up', () => seen);
      const gone = new Promise((ended) => seen?.once('close', ended));
      const ending = made[end]();
      resolve(undefined);
      await expect(connecting).rejects.toThrow(/closed|lost/);
      await Promise.all([ending, gone]);
    },
  );

  it('ends while it waits for the next attempt', async () => {
    const { made } = link({}, 'waits');
    await made.connection();
    proxy.cut('waits');
    await until('the loss', () => !made.model);
    await made.close();
    expect(made.model).toBeUndefined();
  });

  it('leaves no socket behind when the broker falls silent', async () => {
    // As a host that is gone: it takes nothing, and says nothing of its end either.
    const ends: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const { hostname, port } = new URL(rabbitmqUrl);
      const upstream = connect(Number(port || 5672), hostname);
      ends.push(client, upstream);
      for (const end of ends) end.on('error', () => undefined);
      client.pipe(upstream);
      upstream.on('data', (chunk) => client.write(chunk));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(rabbitmqUrl);
    url.port = String((server.address() as AddressInfo).port);
    const settings = settingsOf({ url: url.href, heartbeatSeconds: 1 });
    const made = new Link(settings, 'silent', { up: () => Promise.resolve(), lost: () => undefined });
    const { connection } = await made.connection();
    const { stream } = connection as unknown as { stream: Socket };
    for (const end of ends) end.unpipe().pause();
    await until('the loss', () => !made.model);
    await until('its end', () => stream.destroyed, 5_000);
    made.abort();
    for (const end of ends) end.destroy();
    await new Promise((resolve) => server.close(resolve));
  }, 30_000);

  it('closes a channel whose connection dies meanwhile, which amqplib never answers', async () => {
    const { made } = link({}, 'dies');
    const model = await made.connection();
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    proxy.cut('dies');
    await closed(channel);
    await closed(channel);
    await made.close();
  });
});

it.each([
  ['amqp://host', undefined, 5],
  ['amqp://host?heartbeat=2', undefined, 2],
  ['amqp://host?heartbeat=0', undefined, 5],
  ['amqp://host?heartbeat=2', 7, 7],
  ['amqp://host', 0, 1],
])('takes the heartbeat of %s and %s to be %s', (url, heartbeatSeconds, seconds) => {
  const settings = settingsOf({ url, ...(heartbeatSeconds !== undefined && { heartbeatSeconds }) });
  expect(settings.heartbeatSeconds).toBe(seconds);
});
