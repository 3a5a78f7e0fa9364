import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditPage, ResetSecondFactor, SecondFactor } from '@taskwire/contracts';
import { SoftwareAuthenticator } from '@taskwire/testing';
import { noticesTo } from '../emails/notices.fixture.js';
import { PAGE, PASSKEYS, passkeysOf } from '../passkeys/passkeys.fixture.js';
import { bearer, requestsTo } from '../requests.fixture.js';
import { factorsOf, ME } from '../second-factors/second-factors.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
});
afterAll(() => auth.close());
const { login, refresh, registered, ended, claimsOf } = requestsTo(() => auth);
const { post, enrolled, challengeFor } = factorsOf(() => auth);
const { withPasskey, begun, asked, signIn, code: stepUp } = passkeysOf(() => auth);

const ADMIN: string = randomUUID();
const reset = (userId: string, actor = ADMIN, roles: readonly string[] = ['user', 'admin']) =>
  auth.bus.request(
    ResetSecondFactor,
    { userId },
    {
      id: randomUUID(),
      identity: { actor, roles, session: randomUUID() },
      firstSentAt: new Date(),
      deadline: new Date(Date.now() + 60_000),
    },
  );
const shown = async (token: string) =>
  SecondFactor.parse((await auth.call('GET', ME, undefined, bearer(token))).body);
const auditOf = async (subject: string) =>
  AuditPage.parse((await auth.internal('GET', `/internal/audit?subject=${subject}`)).body).entries;

describe('a lost second factor that an administrator resets', () => {
  it('is asked for no more, and every session ends', async () => {
    const { user, accessToken, refreshToken, recovery } = await enrolled();
    const challenge = await challengeFor(user.email);
    expect(await reset(user.id)).toMatchObject({ status: 'done', reply: { userId: user.id } });

    await ended((await claimsOf(accessToken)).sid);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await post('/v1/auth/login/second-factor', { challenge, code: recovery })).status).toBe(401);
    const { status, body } = await login(user.email);
    expect(status).toBe(200);
    expect(await shown(body.accessToken)).toEqual({ enabledAt: null, recoveryCodesLeft: 0 });
  });

  it('may be passkeys: none of them is left, nor what was begun with one', async () => {
    const { user, accessToken, device } = await withPasskey();
    const { challenge, options } = await asked(user.email);
    const code = await stepUp(accessToken, device);
    const credential = new SoftwareAuthenticator().create(await begun(accessToken, code), PAGE);
    expect(await reset(user.id)).toMatchObject({ status: 'done' });

    expect((await signIn(challenge, device.get(options, PAGE))).status).toBe(401);
    const { body } = await login(user.email);
    expect((await post(PASSKEYS, { name: 'Phone', credential }, body.accessToken)).status).toBe(400);
    expect(await auth.call('GET', PASSKEYS, undefined, bearer(body.accessToken))).toMatchObject({
      body: { passkeys: [] },
    });
  });

  it('is on record with who did it, once, and its owner is told', async () => {
    const { user } = await enrolled();
    await reset(user.id);
    await reset(user.id);

    const entries = await auditOf(user.id);
    expect(entries.slice(3).map(({ action, details, actor }) => [action, details, actor])).toEqual([
      ['session.ended', '{"reason":"second_factor_reset"}', ADMIN],
      ['second_factor.reset', '{}', ADMIN],
    ]);
    expect(await noticesTo(auth, user.email)).toEqual(['second_factor_added', 'second_factor_reset']);
  });

  it('leaves the sessions of who has none alone', async () => {
    const { user, refreshToken } = await registered();
    expect(await reset(user.id)).toMatchObject({ status: 'done' });
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('is reset by administrators, as the envelope says, and never by its owner', async () => {
    const { user } = await enrolled();
    for (const roles of [['user'], ['user', 'operator'], []]) {
      expect(await reset(user.id, ADMIN, roles)).toMatchObject({ problem: { code: 'forbidden' } });
    }
    expect(await reset(user.id, user.id)).toMatchObject({ problem: { code: 'forbidden' } });
    expect(await reset(randomUUID())).toMatchObject({ problem: { code: 'not_found' } });
    expect((await login(user.email)).status).toBe(403);
  });
});
