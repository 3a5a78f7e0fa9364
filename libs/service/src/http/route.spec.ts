import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueToken } from '../access/tokens.fixture.js';
import { bearer, INTERNAL_TOKEN, json, startTestApp, type TestApp } from './test-app.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('a request that is not as its contract says', () => {
  it('is answered with every fault and where it is', async () => {
    const { code, errors } = await app.problemOf('/v1/things', json('{"name":"","tags":["a",2],"a/b":1}'));

    expect(code).toBe('validation_failed');
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/name', '/tags/1']);
  });

  it('is answered with the query parameter or path parameter that is wrong', async () => {
    expect((await app.problemOf('/v1/things?page=0')).errors).toMatchObject([{ pointer: '/query/page' }]);
    expect((await app.problemOf('/v1/things?page=1&page=2')).errors).toMatchObject([
      { pointer: '/query/page' },
    ]);
    expect((await app.problemOf('/v1/things?pgae=2')).errors).toMatchObject([{ pointer: '/query/pgae' }]);
    expect((await app.problemOf(`/v1/things/${randomUUID()}?page=1`)).errors).toMatchObject([
      { pointer: '/query/page' },
    ]);
    expect((await app.problemOf('/v1/things', json('null'))).errors).toMatchObject([
      { pointer: '', detail: expect.stringContaining('null') },
    ]);
    expect((await app.problemOf('/v1/things/abc')).errors).toMatchObject([{ pointer: '/path/id' }]);
  });

  it.each([
    ['malformed JSON', json('{"name":'), 'bad_request', 400],
    ['an empty body', json(''), 'validation_failed', 400],
    ['null', json('null'), 'validation_failed', 400],
    ['no object', json('[1]'), 'validation_failed', 400],
    ['a poisoned prototype', json('{"__proto__":{"admin":true},"name":"x"}'), 'bad_request', 400],
    ['no body at all', { method: 'POST' }, 'validation_failed', 400],
    ['a body above the limit', json(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 'body_too_large', 413],
    ['text', { method: 'POST', body: 'name=x' }, 'unsupported_media_type', 415],
    ['a form', { method: 'POST', body: new URLSearchParams('name=x') }, 'unsupported_media_type', 415],
  ])('with %s is refused', async (_, init, code, status) => {
    expect(await app.problemOf('/v1/things', init)).toMatchObject({ code, status });
  });

  it('reaches the handler as its schema parsed it, with defaults', async () => {
    const response = await fetch(`${app.url}/v1/things`, json('{"name":"x"}'));

    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ name: 'x', tags: [] });
  });
});

describe('a route that is to end', () => {
  it('says so in each answer, and the others do not', async () => {
    const { headers } = await fetch(`${app.url}/v1/old`);
    const others = (await fetch(`${app.url}/v1/things`)).headers;

    expect(['deprecation', 'sunset', 'link'].map((name) => headers.get(name))).toEqual([
      '@1795737600',
      'Thu, 27 May 2027 00:00:00 GMT',
      '</docs>; rel="deprecation", </docs>; rel="sunset"',
    ]);
    expect(['deprecation', 'sunset', 'link'].map((name) => others.get(name))).toEqual([null, null, null]);
  });
});

describe('access', () => {
  it('needs a token, unless the route is public', async () => {
    const problem = await app.problemOf('/v1/me');

    expect(problem.code).toBe('unauthenticated');
    expect(problem.headers.get('www-authenticate')).toBe('Bearer');
    const sub = randomUUID();
    const response = await fetch(`${app.url}/v1/me`, bearer(await issueToken(app.key, { claims: { sub } })));
    expect(await response.json()).toEqual({ userId: sub });
  });

  it('to admin routes needs the role', async () => {
    expect((await app.problemOf('/v1/admin', bearer(await issueToken(app.key)))).code).toBe('forbidden');
    const admin = await issueToken(app.key, { claims: { roles: ['user', 'admin'] } });
    expect((await fetch(`${app.url}/v1/admin`, bearer(admin))).status).toBe(200);
  });

  it('is checked before anything is said about the rest of the request', async () => {
    expect((await app.problemOf('/internal/things', json('{}'))).code).toBe('unauthenticated');
  });

  it('to internal routes needs the token of the platform; no user has it', async () => {
    const user = await issueToken(app.key, { claims: { roles: ['user', 'admin', 'operator'] } });
    expect((await app.problemOf('/internal/things', bearer(user, json('{}')))).code).toBe('unauthenticated');

    const problem = await app.problemOf('/internal/things', bearer(INTERNAL_TOKEN, json('{"name":1}')));
    expect(problem).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/name' }] });
    const response = await fetch(
      `${app.url}/internal/things`,
      bearer(INTERNAL_TOKEN, json('{"name":"x","tags":[]}')),
    );
    expect(response.status).toBe(200);
  });
});
