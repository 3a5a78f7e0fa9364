import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AdminUserPage, ProblemBody, SignedIn } from '@taskwire/contracts';
import { call, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const ADMIN = { email: 'root@example.org', password: 'a long password of an admin' };

let platform: Platform;
let asAdmin: <Body>(method: string, path: string) => ReturnType<typeof call<Body>>;
beforeAll(async () => {
  platform = await startPlatform({ env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password } });
  const { body } = await call<SignedIn>(`${platform.api}/v1/auth/login`, 'POST', ADMIN);
  asAdmin = (method, path) =>
    call(`${platform.api}${path}`, method, undefined, { authorization: `Bearer ${body.accessToken}` });
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

describe('an administrator', () => {
  it('finds an account, disables it, and enables it again', async () => {
    const ada = await signUp(platform.api);
    const signIn = () =>
      call<ProblemBody>(`${platform.api}/v1/auth/login`, 'POST', {
        email: ada.email,
        password: ada.password,
      });
    const { body } = await asAdmin<AdminUserPage>('GET', `/v1/admin/users?email=${ada.email}`);
    expect(body.users).toMatchObject([{ id: ada.user.id, email: ada.email, disabledAt: null }]);

    expect((await asAdmin('POST', `/v1/admin/users/${ada.user.id}/disable`)).status).toBe(204);
    expect(await signIn()).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    for (const path of ['/v1/auth/me', '/v1/tasks', '/v1/notifications', '/v1/analytics/me']) {
      await until(
        `${path} is refused`,
        () => ada.call('GET', path),
        ({ status }) => status === 401,
      );
    }

    expect((await asAdmin('POST', `/v1/admin/users/${ada.user.id}/enable`)).status).toBe(204);
    expect((await signIn()).status).toBe(200);
  });

  it('cannot disable itself', async () => {
    const me = (await asAdmin<{ id: string }>('GET', '/v1/auth/me')).body.id;
    expect(await asAdmin('POST', `/v1/admin/users/${me}/disable`)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });
});
