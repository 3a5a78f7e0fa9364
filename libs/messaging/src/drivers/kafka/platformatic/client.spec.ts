import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { type FaultProxy, faultProxy, hasKafka, kafkaBrokers } from '@taskwire/testing';
import { settingsOf } from '../settings.js';
import { baseOptions, closeQuietly, hasConnection, watched } from './client.js';

(hasKafka() ? describe : describe.skip)('a client of several brokers', () => {
  let client: Admin;
  let another: FaultProxy;
  beforeAll(async () => {
    client = watched(new Admin(baseOptions(settingsOf({ brokers: kafkaBrokers }), false)));
    another = await faultProxy({ target: kafkaBrokers[0] ?? '' });
  });
  afterAll(async () => {
    await closeQuietly(client);
    await another.close();
  });

  it('has a connection from its first one on, also while it opens the next one, until the last is closed', async () => {
    expect(hasConnection(client)).toBe(false);
    await client.metadata({ topics: [] });
    expect(hasConnection(client)).toBe(true);
    const [host = '', port] = another.address.split(':');
    const opening = client.connections.get({ host, port: Number(port) });
    expect(hasConnection(client)).toBe(true);
    await opening;
    expect(hasConnection(client)).toBe(true);
    await closeQuietly(client);
    expect(hasConnection(client)).toBe(false);
  });
});
