import { afterEach, describe, expect, it } from '@jest/globals';
import { SoftwareAuthenticator } from '@taskwire/testing';
import { config } from '../config.js';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { PASSKEYS, passkeysOf } from './passkeys.fixture.js';

let auth: RunningAuth;
const { registered } = requestsTo(() => auth);
const { post, add, asked, signIn } = passkeysOf(() => auth);
const SET = {
  WEBAUTHN_RP_ID: 'example.org',
  WEBAUTHN_ORIGINS: 'https://example.org, https://app.example.org',
};

describe('the domain of passkeys', () => {
  afterEach(() => auth.close());

  it('is as it was set, with all of its origins', async () => {
    auth = await startAuth(SET);
    const { user, accessToken } = await registered();
    const device = new SoftwareAuthenticator();
    const page = { origin: 'https://app.example.org' };
    expect((await add(accessToken, device, undefined, page)).status).toBe(201);
    const { challenge, options } = await asked(user.email);
    const credential = device.get(options, { origin: 'https://example.org' });
    expect((await signIn(challenge, credential)).status).toBe(200);
    const other = await asked(user.email);
    const local = device.get(other.options, { origin: 'http://localhost:3000' });
    expect((await signIn(other.challenge, local)).status).toBe(401);
  });

  it('has to be set in production: until then passkeys are refused, and listed all the same', async () => {
    auth = await startAuth({ NODE_ENV: 'production', REGISTRATION: 'open' });
    const { body: report } = await auth.internal('GET', '/internal/doctor');
    expect(report).toMatchObject({
      findings: [{ level: 'warning', what: expect.stringContaining('passkeys') }],
    });
    const { accessToken } = await registered();
    const off = { status: 404, body: { code: 'passkeys_off', detail: expect.stringContaining('WEBAUTHN_') } };
    expect(await post(`${PASSKEYS}/options`, { password }, accessToken)).toMatchObject(off);
    const credential = new SoftwareAuthenticator().create(
      { challenge: 'AAAA', rp: { id: 'localhost' } },
      { origin: 'http://localhost:3000' },
    );
    expect(await post(PASSKEYS, { name: 'Phone', credential }, accessToken)).toMatchObject(off);
    expect(await post('/v1/auth/login/passkey/options', { challenge: 'x' })).toMatchObject(off);
    const code = await auth.call('POST', `${PASSKEYS}/code/options`, undefined, bearer(accessToken));
    expect(code).toMatchObject(off);
    expect(await auth.call('GET', PASSKEYS, undefined, bearer(accessToken))).toMatchObject({
      status: 200,
      body: { passkeys: [] },
    });
  });
});

it.each([
  ['a domain without origins', { WEBAUTHN_RP_ID: 'example.org' }],
  ['origins without a domain', { WEBAUTHN_ORIGINS: 'https://example.org' }],
  ['an origin elsewhere', { ...SET, WEBAUTHN_ORIGINS: 'https://example.org,https://badexample.org' }],
  ['what is no origin', { ...SET, WEBAUTHN_ORIGINS: 'https://example.org/path' }],
  ['no origin', { ...SET, WEBAUTHN_ORIGINS: ',' }],
  ['what is no domain', { ...SET, WEBAUTHN_RP_ID: 'https://example.org' }],
])('the settings refuse %s', (_, settings) => {
  expect(config.safeParse(SET).success).toBe(true);
  expect(config.safeParse(settings).success).toBe(false);
});
