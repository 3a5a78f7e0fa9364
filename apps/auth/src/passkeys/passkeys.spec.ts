import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AddedPasskey, AuditPage, MOST_PASSKEYS, PasskeyList, SecondFactor } from '@taskwire/contracts';
import { SoftwareAuthenticator } from '@taskwire/testing';
import { Client } from 'pg';
import { noticesTo } from '../emails/notices.fixture.js';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { codeOf, factorsOf, ME, WRONG } from '../second-factors/second-factors.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { PAGE, PASSKEYS, passkeysOf } from './passkeys.fixture.js';

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
const { enrolled } = factorsOf(() => auth);
const { post, begun, add, withPasskey, asked, signIn, code, stepUpOptions } = passkeysOf(() => auth);

const refused = { status: 401, body: { code: 'invalid_second_factor' } };
const wrong = { status: 400, body: { errors: [{ pointer: '/credential' }] } };
const needed = { status: 403, body: { code: 'second_factor_needed' } };
const listed = async (token: string) =>
  PasskeyList.parse((await auth.call('GET', PASSKEYS, undefined, bearer(token))).body).passkeys;
const shown = async (token: string) =>
  SecondFactor.parse((await auth.call('GET', ME, undefined, bearer(token))).body);

describe('a passkey', () => {
  it('is added with the password, and is the second factor from then on', async () => {
    const { user, accessToken } = await registered();
    expect(await post(`${PASSKEYS}/options`, { password: 'a guess' }, accessToken)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
    const answer = await add(accessToken, new SoftwareAuthenticator());
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { passkey, recoveryCodes } = AddedPasskey.parse(answer.body);
    expect(passkey).toMatchObject({ name: 'Phone', lastUsedAt: null });
    expect(new Set(recoveryCodes).size).toBe(10);
    expect(await listed(accessToken)).toEqual([passkey]);
    expect(await login(user.email)).toMatchObject(needed);
  });

  it('is added for one challenge, by the account that asked, to a page of ours', async () => {
    const [ada, eve] = [await registered(), await registered()];
    const device = new SoftwareAuthenticator();
    const credential = device.create(await begun(ada.accessToken), PAGE);
    const send = (token: string) => post(PASSKEYS, { name: 'Phone', credential }, token);
    expect(await send(eve.accessToken)).toMatchObject(wrong);
    expect((await send(ada.accessToken)).status).toBe(201);
    expect(await send(ada.accessToken)).toMatchObject(wrong);
    expect(
      await add(eve.accessToken, new SoftwareAuthenticator(), undefined, {
        origin: 'http://localhost:3001',
      }),
    ).toMatchObject(wrong);
    expect(await add(eve.accessToken, device)).toMatchObject({
      status: 409,
      body: { code: 'already_exists' },
    });
    expect(await listed(eve.accessToken)).toEqual([]);
  });

  it('completes a login, each of whose challenges counts once', async () => {
    const { user, accessToken, device } = await withPasskey();
    const { challenge, options } = await asked(user.email);
    const credential = device.get(options, PAGE);
    const signedIn = await signIn(challenge, credential);
    expect(signedIn.status).toBe(200);
    expect(signedIn.headers.get('cache-control')).toBe('no-store');
    expect(signedIn.body.user).toEqual(user);
    expect((await refresh(signedIn.body.refreshToken)).status).toBe(200);
    expect(await listed(accessToken)).toMatchObject([{ lastUsedAt: expect.any(String) }]);

    expect(await signIn(challenge, credential)).toMatchObject(refused);
    const again = await asked(user.email);
    expect(await signIn(again.challenge, credential)).toMatchObject(refused);
    expect(await signIn(again.challenge, device.get(again.options, PAGE))).toMatchObject({ status: 200 });
  });

  it('answers one challenge once also where it is sent several times at the same moment', async () => {
    const { user, device } = await withPasskey();
    const { challenge, options } = await asked(user.email);
    const credential = device.get(options, PAGE);
    const answers = await Promise.all([1, 2, 3, 4].map(() => signIn(challenge, credential)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('signs nobody in from a page that is not ours, or for another domain', async () => {
    const { user, device } = await withPasskey();
    const foreign = await asked(user.email);
    const credential = device.get(foreign.options, { origin: 'https://taskwire.example' });
    expect(await signIn(foreign.challenge, credential)).toMatchObject(refused);
    const { challenge, options } = await asked(user.email);
    const elsewhere = device.get({ ...options, rpId: 'taskwire.example' }, PAGE);
    expect(await signIn(challenge, elsewhere)).toMatchObject(refused);
  });

  it('of another account signs nobody in', async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const { challenge, options } = await asked(ada.user.email);
    expect(await signIn(challenge, eve.device.get(options, PAGE))).toMatchObject(refused);
    // Nor does an answer to a challenge of hers.
    const hers = await asked(eve.user.email);
    expect(await signIn(challenge, eve.device.get(hers.options, PAGE))).toMatchObject(refused);
  });

  it('that says to be another one, but has not its key, signs nobody in', async () => {
    const { user, device } = await withPasskey();
    const { challenge, options } = await asked(user.email);
    const forged = new SoftwareAuthenticator().get(options, { ...PAGE, counter: 100 });
    const credential = { ...forged, id: device.id, rawId: device.id };
    expect(await signIn(challenge, credential)).toMatchObject(refused);
  });

  it('whose counter goes back, or stays, has been copied: it signs nobody in, and is on record', async () => {
    const { user, device, passkey } = await withPasskey();
    const tried = async (counter: number) => {
      const { challenge, options } = await asked(user.email);
      return (await signIn(challenge, device.get(options, { ...PAGE, counter }))).status;
    };
    expect(await tried(7)).toBe(200);
    expect(await tried(7)).toBe(401);
    expect(await tried(6)).toBe(401);
    expect(await tried(4_294_967_295)).toBe(200);

    const { body } = await auth.internal('GET', `/internal/audit?subject=${user.id}`);
    const refusals = AuditPage.parse(body).entries.filter(
      ({ action }) => action === 'passkey.counter_refused',
    );
    expect(refusals.map(({ details }) => details)).toEqual(Array(2).fill(JSON.stringify({ id: passkey.id })));
    expect(refusals[0]?.origin?.address).toBe('127.0.0.1');
  });

  it('may count nothing at all', async () => {
    const { accessToken, user } = await registered();
    const device = new SoftwareAuthenticator();
    await add(accessToken, device, undefined, { ...PAGE, counter: 0 });
    for (const _ of [1, 2]) {
      const { challenge, options } = await asked(user.email);
      expect((await signIn(challenge, device.get(options, { ...PAGE, counter: 0 }))).status).toBe(200);
    }
  });

  it('answers nothing for another purpose, or too late', async () => {
    const { user, accessToken, device } = await withPasskey();
    const stepUp = device.get(await stepUpOptions(accessToken), PAGE);
    const { challenge, options } = await asked(user.email);
    expect(await signIn(challenge, stepUp)).toMatchObject(refused);
    const late = device.get(options, PAGE);
    expect(await post(`${PASSKEYS}/code`, { credential: late }, accessToken)).toMatchObject(wrong);
    await sql.query('update passkey_challenges set expires_at = now() where account_id = $1', [user.id]);
    expect(await signIn(challenge, late)).toMatchObject(refused);
  });

  it.each([
    ['no JSON', { clientDataJSON: 'AAAA' }],
    ['JSON of nothing', { clientDataJSON: Buffer.from('null').toString('base64url') }],
    ['no authenticator data', { authenticatorData: 'AAAA' }],
    ['no signature', { signature: 'AAAA' }],
  ])('that answers with %s signs nobody in', async (_, broken) => {
    const { user, device } = await withPasskey();
    const { challenge, options } = await asked(user.email);
    const credential = device.get(options, PAGE);
    const response = { ...credential.response, ...broken };
    expect(await signIn(challenge, { ...credential, response })).toMatchObject(refused);
  });

  it('is asked for after the password only, five times at most', async () => {
    const { user } = await withPasskey();
    const ask = (challenge: string | undefined) => post('/v1/auth/login/passkey/options', { challenge });
    expect(await ask('x'.repeat(43))).toMatchObject(refused);
    const { challenge } = (await login(user.email)).body;
    const statuses = [];
    for (let times = 0; times < 6; times += 1) statuses.push((await ask(challenge)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 401]);
  });
});

describe('a code that a passkey was exchanged for', () => {
  it('is taken where a code is needed, once, and for its own account', async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const wanted = { name: 'Script', scopes: ['tasks:read'] };
    const make = (given: string | undefined, token = ada.accessToken) =>
      post('/v1/auth/api-tokens', { ...wanted, code: given }, token);
    expect(await make(undefined)).toMatchObject(needed);
    expect(await make(WRONG)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/code' }] } });
    const given = await code(ada.accessToken, ada.device);
    expect((await make(given, eve.accessToken)).status).toBe(400);
    expect((await make(given)).status).toBe(201);
    expect((await make(given)).status).toBe(400);
  });

  it('is not given for the passkey of another account', async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const credential = eve.device.get(await stepUpOptions(ada.accessToken), PAGE);
    expect(await post(`${PASSKEYS}/code`, { credential }, ada.accessToken)).toMatchObject(wrong);
  });
});

describe('passkeys', () => {
  it('are named and removed by their owner, with a code; recovery codes go with the last second factor', async () => {
    const { user, accessToken, device, passkey } = await withPasskey();
    const path = `${PASSKEYS}/${passkey.id}`;
    const renamed = await auth.call('PATCH', path, { name: 'Old phone' }, bearer(accessToken));
    expect([renamed.status, renamed.body]).toEqual([200, { ...passkey, name: 'Old phone' }]);
    expect(await post(`${path}/remove`, { code: WRONG }, accessToken)).toMatchObject({ status: 400 });
    const given = await code(accessToken, device);
    expect((await post(`${path}/remove`, { code: given }, accessToken)).status).toBe(204);

    expect(await listed(accessToken)).toEqual([]);
    expect(await shown(accessToken)).toEqual({ enabledAt: null, recoveryCodesLeft: 0 });
    expect((await login(user.email)).status).toBe(200);
    expect((await post(`${path}/remove`, { code: WRONG }, accessToken)).status).toBe(404);
  });

  it('that were removed sign nobody in', async () => {
    const { user, accessToken, device, passkey, more } = await withPasskey();
    await add(accessToken, new SoftwareAuthenticator(), await code(accessToken, device));
    const { challenge, options } = await asked(user.email);
    await post(`${PASSKEYS}/${passkey.id}/remove`, { code: more[0] }, accessToken);
    expect(await signIn(challenge, device.get(options, PAGE))).toMatchObject(refused);
  });

  it('are so many at most', async () => {
    const { user, accessToken, device, recovery } = await withPasskey();
    const options = await begun(accessToken, recovery);
    await sql.query(
      `insert into passkeys (id, account_id, credential_id, public_key, counter, transports, name, created_at)
       select gen_random_uuid(), account_id, uuid_send(gen_random_uuid()), public_key, 0, '{}', name, now()
       from passkeys, generate_series(2, $1::int) where account_id = $2`,
      [MOST_PASSKEYS, user.id],
    );
    const tooMany = { status: 409, body: { code: 'limit_reached' } };
    const credential = new SoftwareAuthenticator().create(options, PAGE);
    expect(await post(PASSKEYS, { name: 'Phone', credential }, accessToken)).toMatchObject(tooMany);
    const again = { password, code: await code(accessToken, device) };
    expect(await post(`${PASSKEYS}/options`, again, accessToken)).toMatchObject(tooMany);
  });

  it('of others are as if they were not there', async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const path = `${PASSKEYS}/${ada.passkey.id}`;
    const name = 'Taken over';
    expect((await auth.call('PATCH', path, { name }, bearer(eve.accessToken))).status).toBe(404);
    const remove = await post(`${path}/remove`, { code: eve.recovery }, eve.accessToken);
    expect(remove.status).toBe(404);
    expect(await listed(ada.accessToken)).toEqual([ada.passkey]);
  });

  it('stand beside an authenticator app: each needs a code to be added, and has the same recovery codes', async () => {
    const { user, accessToken, recovery, more, secret } = await enrolled();
    expect(await post(`${PASSKEYS}/options`, { password }, accessToken)).toMatchObject(needed);
    const device = new SoftwareAuthenticator();
    const added = AddedPasskey.parse((await add(accessToken, device, recovery)).body);
    expect(added.recoveryCodes).toEqual([]);
    expect((await post(`${ME}/disable`, { code: more[0] }, accessToken)).status).toBe(204);
    expect(await shown(accessToken)).toEqual({ enabledAt: null, recoveryCodesLeft: 8 });
    expect(await login(user.email)).toMatchObject(needed);

    expect(await post(ME, { password }, accessToken)).toMatchObject(needed);
    const begin = { password, code: await code(accessToken, device) };
    const { body } = await post(ME, begin, accessToken);
    const again = (body as unknown as { secret: string }).secret;
    expect(again).not.toBe(secret);
    const confirmed = await post(`${ME}/confirm`, { code: codeOf(again) }, accessToken);
    expect(confirmed).toMatchObject({ status: 200, body: { recoveryCodes: [] } });
  });

  it('are told of in the audit trail and to the owner', async () => {
    const { user, accessToken, device, passkey } = await withPasskey();
    await post(`${PASSKEYS}/${passkey.id}/remove`, { code: await code(accessToken, device) }, accessToken);
    const { body } = await auth.internal('GET', `/internal/audit?subject=${user.id}`);
    const { entries } = AuditPage.parse(body);
    expect(entries.slice(2).map(({ action, details }) => [action, details])).toEqual([
      ['passkey.added', JSON.stringify({ id: passkey.id })],
      ['passkey.removed', JSON.stringify({ id: passkey.id })],
    ]);
    expect(await noticesTo(auth, user.email)).toEqual(['passkey_added', 'passkey_removed']);
  });

  it('go with the account', async () => {
    const { user, accessToken, device } = await withPasskey();
    await asked(user.email);
    const body = { password, code: await code(accessToken, device) };
    expect((await post('/v1/auth/me/deletion', body, accessToken)).status).toBe(204);
    for (const table of ['passkeys', 'passkey_challenges', 'recovery_codes']) {
      expect((await sql.query(`select from ${table} where account_id = $1`, [user.id])).rowCount).toBe(0);
    }
  });
});
