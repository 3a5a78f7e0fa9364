import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditPage, EnrolledSecondFactor, RecoveryCodes, SecondFactor } from '@taskwire/contracts';
import { Client } from 'pg';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { codeOf, factorsOf, ME, WRONG } from './second-factors.fixture.js';

let auth: RunningAuth;
let sql: Client;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000', RATE_LIMIT_LOGIN_ACCOUNT: '1000' });
  sql = new Client({ connectionString: auth.env['DATABASE_URL'] });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await auth.close();
});
const { registered, login, refresh } = requestsTo(() => auth);
const { post, challengeFor, enrolled } = factorsOf(() => auth);

const secondStep = (challenge: string | undefined, code: string) =>
  post('/v1/auth/login/second-factor', { challenge, code });
/** As if the codes that were used so far were of long ago. */
const letTimePass = (accountId: string) =>
  sql.query('update second_factors set last_step = last_step - 100 where account_id = $1', [accountId]);
const shown = async (token: string) =>
  SecondFactor.parse((await auth.call('GET', ME, undefined, bearer(token))).body);

describe('a second factor', () => {
  it('is asked for once a first code of it was seen, not before', async () => {
    const { user, accessToken } = await registered();
    const begun = await post(ME, { password }, accessToken);
    const { secret, uri } = EnrolledSecondFactor.parse(begun.body);
    expect(begun.status).toBe(201);
    expect(begun.headers.get('cache-control')).toBe('no-store');
    expect(new URL(uri).searchParams.get('secret')).toBe(secret);
    expect((await login(user.email)).status).toBe(200);
    expect(await post(`${ME}/confirm`, { code: WRONG }, accessToken)).toMatchObject({ status: 400 });
    expect(await shown(accessToken)).toEqual({ enabledAt: null, recoveryCodesLeft: 0 });

    const confirmed = await post(`${ME}/confirm`, { code: codeOf(secret) }, accessToken);
    const { recoveryCodes } = RecoveryCodes.parse(confirmed.body);
    expect(new Set(recoveryCodes).size).toBe(10);
    expect(await shown(accessToken)).toEqual({ enabledAt: expect.any(String), recoveryCodesLeft: 10 });
    expect(await login(user.email)).toMatchObject({ status: 403, body: { code: 'second_factor_needed' } });
    for (const [path, body] of [
      [ME, { password }],
      [`${ME}/confirm`, { code: codeOf(secret, 1) }],
    ] as const) {
      expect(await post(path, body, accessToken)).toMatchObject({
        status: 409,
        body: { code: 'already_exists' },
      });
    }
  });

  it('is begun with the password only', async () => {
    const { accessToken } = await registered();
    expect(await post(ME, { password: 'a guess' }, accessToken)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
    expect((await post(`${ME}/confirm`, { code: WRONG }, accessToken)).status).toBe(404);
  });

  it('completes a login with a challenge and a code, each of which counts once', async () => {
    const { user, secret, code: used } = await enrolled();
    const first = await login(user.email);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const [challenge, other] = [first.body.challenge, await challengeFor(user.email)];
    // The code that confirmed it is used up.
    expect(await secondStep(challenge, used)).toMatchObject({
      status: 401,
      body: { code: 'invalid_second_factor' },
    });

    await letTimePass(user.id);
    const code = codeOf(secret);
    const answers = await Promise.all([secondStep(challenge, code), secondStep(other, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const signedIn = answers.find(({ status }) => status === 200);
    expect(signedIn?.body.user).toEqual(user);
    expect((await refresh(signedIn?.body.refreshToken ?? '')).status).toBe(200);

    await letTimePass(user.id);
    expect((await secondStep(answers[0] === signedIn ? challenge : other, codeOf(secret))).status).toBe(401);
  });

  it('tells nothing to who does not know the password', async () => {
    const { user } = await enrolled();
    const { status, body } = await login(user.email, 'a wrong password');
    expect([status, body.code, body.challenge]).toEqual([401, 'invalid_credentials', undefined]);
    expect((await secondStep('x'.repeat(43), WRONG)).status).toBe(401);
  });

  it('takes a recovery code in the place of a code, in any spelling, once', async () => {
    const { user, accessToken, recovery } = await enrolled();
    const spelled = recovery.toUpperCase().replaceAll('-', ' ');
    expect((await secondStep(await challengeFor(user.email), spelled)).status).toBe(200);
    expect((await secondStep(await challengeFor(user.email), recovery)).status).toBe(401);
    expect((await shown(accessToken)).recoveryCodesLeft).toBe(9);
  });

  it('takes no recovery code of another account', async () => {
    const [ada, eve] = [await enrolled(), await enrolled()];
    expect((await secondStep(await challengeFor(ada.user.email), eve.recovery)).status).toBe(401);
    expect((await shown(eve.accessToken)).recoveryCodesLeft).toBe(10);
  });

  it('has new recovery codes made with a code: all that there were no longer count', async () => {
    const { user, accessToken, recovery, more } = await enrolled();
    const renew = (code: string) => post(`${ME}/recovery-codes`, { code }, accessToken);
    expect(await renew(WRONG)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/code' }] } });
    const renewed = await renew(recovery);
    expect(renewed.status).toBe(200);
    expect(renewed.headers.get('cache-control')).toBe('no-store');
    const { recoveryCodes } = RecoveryCodes.parse(renewed.body);
    expect(new Set([...recoveryCodes, recovery, ...more]).size).toBe(20);
    expect((await shown(accessToken)).recoveryCodesLeft).toBe(10);

    expect((await secondStep(await challengeFor(user.email), more[0] ?? '')).status).toBe(401);
    expect((await secondStep(await challengeFor(user.email), recoveryCodes[0] ?? '')).status).toBe(200);
  });

  it('has the recovery codes of one request only, of several at once', async () => {
    const { accessToken, recovery, more } = await enrolled();
    const renewals = [recovery, ...more.slice(0, 3)].map((code) =>
      post(`${ME}/recovery-codes`, { code }, accessToken),
    );
    const statuses = (await Promise.all(renewals)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect((await shown(accessToken)).recoveryCodesLeft).toBe(10);
  });

  it('is there before recovery codes are', async () => {
    const { accessToken } = await registered();
    expect((await post(`${ME}/recovery-codes`, { code: WRONG }, accessToken)).status).toBe(404);
  });

  it('gives five attempts to a challenge', async () => {
    const { user, recovery } = await enrolled();
    const challenge = await challengeFor(user.email);
    for (let n = 0; n < 5; n += 1) expect((await secondStep(challenge, WRONG)).status).toBe(401);

    expect((await secondStep(challenge, recovery)).status).toBe(401);
  });

  it('makes who guesses wait, over all challenges, and nobody who has a recovery code', async () => {
    const { user, secret, recovery } = await enrolled();
    await letTimePass(user.id);
    for (let n = 0; n < 5; n += 1) await secondStep(await challengeFor(user.email), WRONG);
    const challenge = await challengeFor(user.email);
    const refused = await secondStep(challenge, codeOf(secret));
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await secondStep(challenge, recovery)).status).toBe(200);

    await sql.query(
      `update second_factors set failed_at = failed_at - interval '1 hour' where account_id = $1`,
      [user.id],
    );
    expect((await secondStep(await challengeFor(user.email), codeOf(secret))).status).toBe(200);
  });

  it('is not kept from the owner by wrong codes in a session that somebody else found open', async () => {
    const { user, accessToken, secret } = await enrolled();
    const wrong = () => post(`${ME}/disable`, { code: WRONG }, accessToken);
    for (let n = 0; n < 5; n += 1) expect((await wrong()).status).toBe(400);
    const waiting = await post(`${ME}/disable`, { code: codeOf(secret, 1) }, accessToken);
    expect(waiting).toMatchObject({ status: 429, body: { code: 'rate_limited' } });

    const signedIn = await secondStep(await challengeFor(user.email), codeOf(secret, 1));
    expect(signedIn.status).toBe(200);
    const own = await post(`${ME}/disable`, { code: WRONG }, signedIn.body.accessToken);
    expect(own.status).toBe(400);
    expect((await wrong()).status).toBe(429);
  });

  it('voids a challenge with the password that it was given for, and when it is old', async () => {
    const { user, accessToken, recovery, more } = await enrolled();
    const [challenge, old] = [await challengeFor(user.email), await challengeFor(user.email)];
    await sql.query(
      `update login_challenges set expires_at = now() where hash = sha256(convert_to($1, 'UTF8'))`,
      [old],
    );
    expect((await secondStep(old, more[0] ?? '')).status).toBe(401);

    const body = { currentPassword: password, newPassword: 'another horse, another battery', code: recovery };
    expect((await auth.call('PUT', '/v1/auth/me/password', body, bearer(accessToken))).status).toBe(204);
    expect((await secondStep(challenge, more[1] ?? '')).status).toBe(401);
  });

  it('is needed afresh for another password or email, for an API token, and to be removed', async () => {
    const { user, accessToken, recovery, more } = await enrolled();
    const tokens = '/v1/auth/api-tokens';
    const wanted = { name: 'Script', scopes: ['tasks:read'] };
    const newPassword = { currentPassword: password, newPassword: 'another horse, another battery' };
    const change = (code?: string) =>
      auth.call('PUT', '/v1/auth/me/password', { ...newPassword, code }, bearer(accessToken));
    const needed = { status: 403, body: { code: 'second_factor_needed' } };
    const wrong = { status: 400, body: { errors: [{ pointer: '/code' }] } };

    expect(await post(tokens, wanted, accessToken)).toMatchObject(needed);
    expect(await post(tokens, { ...wanted, code: WRONG }, accessToken)).toMatchObject(wrong);
    expect(await post(tokens, { ...wanted, code: recovery }, accessToken)).toMatchObject({ status: 201 });
    const email = { newEmail: `new-${user.email}`, password };
    expect(await post('/v1/auth/me/email', email, accessToken)).toMatchObject(needed);
    expect(await change()).toMatchObject(needed);
    expect(await change(WRONG)).toMatchObject(wrong);
    expect(await change(more[0])).toMatchObject({ status: 204 });
    expect(await post(`${ME}/disable`, { code: WRONG }, accessToken)).toMatchObject(wrong);
    expect(await post(`${ME}/disable`, { code: more[1] }, accessToken)).toMatchObject({ status: 204 });

    expect(await post(tokens, wanted, accessToken)).toMatchObject({ status: 201 });
    expect((await login(user.email, newPassword.newPassword)).status).toBe(200);
    expect(await shown(accessToken)).toEqual({ enabledAt: null, recoveryCodesLeft: 0 });
    expect(await post(`${ME}/disable`, { code: WRONG }, accessToken)).toMatchObject({ status: 404 });
  });

  it('is needed to delete the account, and goes with it', async () => {
    const { user, accessToken, recovery } = await enrolled();
    await challengeFor(user.email);
    const remove = (code?: string) => post('/v1/auth/me/deletion', { password, code }, accessToken);
    expect(await remove()).toMatchObject({ status: 403, body: { code: 'second_factor_needed' } });
    expect(await remove(recovery)).toMatchObject({ status: 204 });

    for (const table of ['second_factors', 'recovery_codes', 'login_challenges']) {
      expect((await sql.query(`select from ${table} where account_id = $1`, [user.id])).rowCount).toBe(0);
    }
  });

  it('is told of in the audit trail', async () => {
    const { user, accessToken, recovery } = await enrolled();
    const renewed = await post(`${ME}/recovery-codes`, { code: recovery }, accessToken);
    const [code] = RecoveryCodes.parse(renewed.body).recoveryCodes;
    await post(`${ME}/disable`, { code }, accessToken);
    const { body } = await auth.internal('GET', `/internal/audit?subject=${user.id}`);
    expect(
      AuditPage.parse(body)
        .entries.slice(2)
        .map(({ action }) => action),
    ).toEqual([
      ...['second_factor.enabled', 'recovery_code.used', 'recovery_codes.renewed'],
      ...['recovery_code.used', 'second_factor.disabled'],
    ]);
  });

  it('is in the store sealed for its account, under a key that is not; codes and challenges as hashes', async () => {
    const { user, secret, recovery } = await enrolled();
    const challenge = (await challengeFor(user.email)) ?? '';
    const bytes = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value));
    const texts = [];
    for (const table of ['second_factors', 'recovery_codes', 'login_challenges']) {
      const { rows } = await sql.query<Record<string, unknown>>(`select * from ${table}`);
      texts.push(rows.map((row) => Object.values(row).map(bytes).join()).join());
    }
    for (const hidden of [secret, recovery, recovery.replaceAll('-', ''), challenge]) {
      expect(hidden.length).toBeGreaterThan(15);
      expect(texts.filter((text) => text.includes(hidden))).toEqual([]);
    }
    const file = join(auth.env['KEYS_DIR'] ?? '', 'second-factors.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file)).toHaveLength(32);
  });
});
