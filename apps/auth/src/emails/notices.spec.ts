import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecoveryCodes } from '@taskwire/contracts';
import { factorsOf, ME, WRONG } from '../second-factors/second-factors.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { MOST_IN_AN_HOUR } from './account-email.js';
import { noticesTo } from './notices.fixture.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
});
afterAll(() => auth.close());
const { post, enrolled } = factorsOf(() => auth);
const wanted = { name: 'Script', scopes: ['tasks:read'] };

describe('the owner is told by mail', () => {
  it('when a second factor is added or removed, recovery codes are renewed, and an API token is made', async () => {
    const { user, accessToken, recovery, more } = await enrolled();
    await post('/v1/auth/api-tokens', { ...wanted, code: recovery }, accessToken);
    const renewed = await post(`${ME}/recovery-codes`, { code: more[0] }, accessToken);
    const { recoveryCodes } = RecoveryCodes.parse(renewed.body);
    await post(`${ME}/disable`, { code: recoveryCodes[0] }, accessToken);

    expect(await noticesTo(auth, user.email)).toEqual([
      ...['second_factor_added', 'api_token_created', 'recovery_codes_renewed', 'second_factor_removed'],
    ]);
  });

  it('of nothing that was refused', async () => {
    const { user, accessToken } = await enrolled();
    await post('/v1/auth/api-tokens', { ...wanted, code: WRONG }, accessToken);
    await post(`${ME}/recovery-codes`, { code: WRONG }, accessToken);
    await post(`${ME}/disable`, { code: WRONG }, accessToken);

    expect(await noticesTo(auth, user.email)).toEqual(['second_factor_added']);
  });

  it('also where others had as many emails sent to the address as they may', async () => {
    const { user, accessToken, recovery } = await enrolled();
    for (let times = 0; times < MOST_IN_AN_HOUR; times += 1) {
      await post('/v1/auth/password-resets', { email: user.email });
    }
    await post(`${ME}/disable`, { code: recovery }, accessToken);

    expect(await noticesTo(auth, user.email)).toEqual(['second_factor_added', 'second_factor_removed']);
  });

  it('so often of one change in an hour, and no more', async () => {
    const { user, accessToken, recovery } = await enrolled();
    await post(`${ME}/disable`, { code: recovery }, accessToken);
    for (let times = 0; times < MOST_IN_AN_HOUR + 1; times += 1) {
      expect((await post('/v1/auth/api-tokens', wanted, accessToken)).status).toBe(201);
    }

    expect(await noticesTo(auth, user.email)).toEqual([
      ...['second_factor_added', 'second_factor_removed'],
      ...Array<string>(MOST_IN_AN_HOUR).fill('api_token_created'),
    ]);
  });
});
