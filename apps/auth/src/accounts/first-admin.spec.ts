import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@taskwire/service';
import { type RunningAuth, startAuth } from '../service.fixture.js';

const email = 'admin@localhost';
let folder: string;
let auth: RunningAuth;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-admin-'));
  await writeFile(join(folder, 'password'), 'the first password\n');
  auth = await startAuth({ ADMIN_EMAIL: email, ADMIN_PASSWORD_FILE: join(folder, 'password') });
});
afterAll(async () => {
  await auth.close();
  await rm(folder, { recursive: true });
});

const login = (instance: RunningAuth, password: string) =>
  instance.call('POST', '/v1/auth/login', { email, password });

describe('the first administrator', () => {
  it('is made from the settings, with every role', async () => {
    const answer = await login(auth, 'the first password');
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { email, roles: ['user', 'admin', 'operator'] } },
    });
    await auth.event('auth.user.registered.v1', (payload) => payload['userId'] === answer.body.user.id);
  });

  it('is made once: a later start, also of a second instance, changes nothing', async () => {
    const { DATABASE_URL, KEYS_DIR } = auth.env;
    const settings = { ADMIN_EMAIL: email, ADMIN_PASSWORD: 'another password', DATABASE_URL };
    const second = await startAuth({ ...settings, ...(KEYS_DIR !== undefined && { KEYS_DIR }) });
    try {
      expect((await login(second, 'another password')).status).toBe(401);
      const answer = await login(second, 'the first password');
      expect(answer.status).toBe(200);
      // Both instances share their keys, so each takes the tokens of the other.
      const headers = { authorization: `Bearer ${answer.body.accessToken}` };
      expect((await auth.call('GET', '/v1/auth/me', undefined, headers)).status).toBe(200);
    } finally {
      await second.close();
    }
  });

  it('needs an address and a password', async () => {
    await expect(startAuth({ ADMIN_EMAIL: email })).rejects.toThrow(ConfigError);
    await expect(startAuth({ ADMIN_EMAIL: email, ADMIN_PASSWORD: 'short' })).rejects.toThrow(
      /ADMIN_PASSWORD.*8 to 128/,
    );
    await expect(startAuth({ ADMIN_EMAIL: email, ADMIN_PASSWORD: 'administrator' })).rejects.toThrow(
      /ADMIN_PASSWORD.*tried first/,
    );
  });
});
