import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeadLetterDetail, DeadLetterPage, LetterActionPage, ReplayedLetters } from '@taskwire/contracts';
import { until } from '@taskwire/testing';
import { notes, OPERATOR_ID, TestNotes } from './dead-letters.fixture.js';

const subscriber = notes.name;
let test: TestNotes;
let owner: string;

beforeAll(async () => {
  test = await TestNotes.start();
}, 60_000);
afterAll(() => test?.close(), 30_000);
beforeEach(() => {
  owner = `owner-${randomUUID()}`;
  test.poison.clear();
});

const query = (values: Record<string, string>) => `?${new URLSearchParams(values).toString()}`;
const list = async () => DeadLetterPage.parse((await test.call('GET', query({ key: owner }))).body);
const show = async (id: string) =>
  DeadLetterDetail.parse((await test.call('GET', `/message${query({ subscriber, id })}`)).body);
const replay = async (body: object) =>
  ReplayedLetters.parse(
    (await test.call('POST', '/replay', { body: { subscriber, dryRun: false, ...body } })).body,
  );
const edit = (body: object) => test.call('POST', '/edit', { body: { subscriber, ...body } });

const NOTHING: ReplayedLetters = { applied: true, steps: [], next: null };

/** By a handler that fails each time; the second note waits behind the first. */
async function deadNote(): Promise<string> {
  test.poison.add('bad');
  const id = await test.send(owner, 'bad');
  await test.send(owner, 'next');
  await until('one dead and one waiting', async () => {
    const { counts } = await list();
    return counts.dead === 1 && counts.waiting === 1;
  });
  return id;
}

describe('a message that its handler could not take', () => {
  it('is listed and shown with what an operator needs to decide', async () => {
    const id = await deadNote();
    const { messages, next } = await list();
    expect(messages).toMatchObject([
      {
        id,
        subscriber,
        state: 'dead',
        type: 'note.noted.v1',
        reason: 'Error',
        error: 'can not take 3 characters',
      },
      { state: 'waiting' },
    ]);
    expect(next).toBeNull();
    expect(await show(id)).toMatchObject({
      headers: { partitionkey: owner, type: 'note.noted.v1' },
      body: { encoding: 'json', value: { owner, text: 'bad' } },
      lane: { ahead: 0, behind: 1 },
      actions: [],
    });
  });

  it('runs again once its fault is mended, first of its key, and once', async () => {
    const id = await deadNote();
    expect(await replay({ id, dryRun: true })).toMatchObject({
      applied: false,
      steps: [{ id, verdict: 'runs', waitingBehind: 1 }],
    });
    test.poison.clear();
    const answers = await Promise.all(
      [{ id }, { id }, { key: owner }].map((selection) =>
        test.call('POST', '/replay', { body: { subscriber, dryRun: false, ...selection } }),
      ),
    );
    // Who asks by id when the replay of another has already run finds nothing.
    const plans = answers.map(({ status, body }) => (status === 404 ? NOTHING : ReplayedLetters.parse(body)));
    const ran = plans.flatMap(({ steps }) => steps.filter(({ verdict }) => verdict === 'runs'));
    expect(ran).toHaveLength(1);
    await until('both to be taken', async () => (await test.texts(owner)).length === 2);
    expect(await test.texts(owner)).toEqual(['bad', 'next']);
    expect(await list()).toMatchObject({ counts: { dead: 0, retry: 0, waiting: 0 } });
  });

  it('is edited in its place: what it was is kept, and somebody else has not changed it meanwhile', async () => {
    const id = await deadNote();
    const { bodyHash } = await show(id);
    const payload = { owner, text: 'good' };
    expect(await edit({ id, payload, bodyHash, reason: 'typo' })).toMatchObject({ status: 200 });
    expect(await edit({ id, payload, bodyHash })).toMatchObject({
      status: 412,
      body: { code: 'version_conflict' },
    });
    await replay({ id });
    await until('both to be taken', async () => (await test.texts(owner)).length === 2);
    expect(await test.texts(owner)).toEqual(['good', 'next']);
    const path = `/audit${query({ subscriber, id, originals: 'true' })}`;
    expect(LetterActionPage.parse((await test.call('GET', path)).body).actions).toMatchObject([
      { action: 'replay', original: null },
      {
        ...{ action: 'edit', reason: 'typo', hashBefore: bodyHash },
        original: { body: { encoding: 'json', value: { owner, text: 'bad' } } },
      },
    ]);
  });

  it('is discarded with a reason, and what waited goes on', async () => {
    const id = await deadNote();
    const body = { subscriber, id, reason: 'sent by mistake' };
    expect(await test.call('POST', '/discard', { body: { subscriber, id } })).toMatchObject({ status: 400 });
    expect(await test.call('POST', '/discard', { body })).toMatchObject({ status: 200 });
    expect(await test.call('POST', '/discard', { body })).toMatchObject({ status: 404 });
    await until('the next to be taken', async () => (await test.texts(owner)).length === 1);
    expect(await test.texts(owner)).toEqual(['next']);
  });
});

describe('a message that nobody could read', () => {
  it.each([
    ['no JSON', Buffer.from('{"owner":'), 'utf8'],
    ['no text', Buffer.of(0xff, 0xfe, 0), 'base64'],
  ])('because it is %s is shown as it is, edited and replayed', async (_, body, encoding) => {
    const id = await test.send(owner, 'x', () => ({ body }));
    await until('it to be dead', async () => (await list()).counts.dead === 1);
    expect(await show(id)).toMatchObject({
      reason: 'undecodable',
      key: null,
      lane: null,
      body: { encoding },
    });
    expect(await edit({ id, payload: { owner, text: 'mended' } })).toMatchObject({ status: 200 });
    expect(await replay({ id })).toMatchObject({ steps: [{ verdict: 'runs' }] });
    await until('it to be taken', async () => (await test.texts(owner)).length === 1);
    expect(await test.texts(owner)).toEqual(['mended']);
  });

  it('because it has no id is found by its place, and gets what it lacks', async () => {
    await test.send(owner, 'x', ({ headers }) => {
      const { id: _id, time: _time, ...rest } = headers;
      return { headers: { ...rest, firstsent: 'yesterday' } };
    });
    const [letter] = await until('it to be dead', async () => {
      const { messages } = await list();
      return messages.length > 0 && messages;
    });
    const id = letter?.id ?? '';
    expect(id).toMatch(/^note\.events\.v1\/\d\/\d+$/);
    expect(await edit({ id, payload: { owner, text: 'mended' } })).toMatchObject({ status: 200 });
    await replay({ id });
    await until('it to be taken', async () => (await test.texts(owner)).length === 1);
  });
});

describe('an edit is refused', () => {
  it.each([
    ['a payload that its contract refuses', { text: '' }, '/payload/text'],
    ['a payload of another key', { owner: 'eve' }, '/payload'],
    ['no payload', null, '/payload'],
  ])('with %s', async (_, change, pointer) => {
    const id = await deadNote();
    const payload = change && { owner, text: 'good', ...change };
    const answer = await edit({ id, payload });
    expect(answer).toMatchObject({
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { code: 'validation_failed', errors: [{ pointer }] },
    });
    expect(await show(id)).toMatchObject({ body: { value: { text: 'bad' } }, actions: [] });
  });

  it('with a type that the subscriber does not handle', async () => {
    const id = await deadNote();
    const answer = await edit({ id, payload: { owner, text: 'good' }, type: 'note.burnt.v1' });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/type' }] } });
  });
});

describe('who may', () => {
  const ROUTES = [
    ['GET', ''],
    ['GET', '/message'],
    ['GET', '/audit'],
    ['POST', '/replay'],
    ['POST', '/discard'],
    ['POST', '/edit'],
  ] as const;

  it.each(ROUTES)(
    '%s /internal/dead-letters%s: operators and the platform, nobody else',
    async (method, path) => {
      const user = await test.auth.tokenFor(randomUUID());
      const admin = await test.auth.tokenFor(randomUUID(), ['user', 'admin']);
      const statusOf = async (token: string | null) => (await test.call(method, path, { token })).status;
      expect(await statusOf(null)).toBe(401);
      expect(await statusOf('guess')).toBe(401);
      expect(await statusOf(user)).toBe(403);
      expect(await statusOf(admin)).toBe(403);
      expect([200, 400]).toContain(await statusOf(await test.operator()));
    },
  );

  it('is in the audit: the operator by id, or the token of the platform', async () => {
    const id = await deadNote();
    const token = await test.operator();
    const body = { subscriber, id, payload: { owner, text: 'good' } };
    await test.call('POST', '/edit', { token, body });
    await replay({ id });
    const path = `/audit${query({ subscriber, id })}`;
    expect(LetterActionPage.parse((await test.call('GET', path)).body).actions).toMatchObject([
      { action: 'replay', actor: 'internal token' },
      { action: 'edit', actor: OPERATOR_ID },
    ]);
  });
});

it('who reads what a message says is in the log, what it says is not', async () => {
  const id = await deadNote();
  const token = await test.operator();
  await test.call('GET', `/message${query({ subscriber, id })}`, { token });
  expect(test.logged).toContainEqual({ actor: OPERATOR_ID, subscriber, id });
  expect(JSON.stringify(test.logged)).not.toContain('text');
});

describe('what is asked for', () => {
  it.each([
    ['an unknown state', 'GET', '?state=lost', undefined],
    ['an unknown filter', 'GET', '?colour=red', undefined],
    ['too many at once', 'GET', '?limit=501', undefined],
    ['a cursor that is none', 'GET', '?after=x', undefined],
    ['a replay that does not say whether it is a dry run', 'POST', '/replay', {}],
    ['a replay of an id without its subscriber', 'POST', '/replay', { dryRun: true, id: 'a' }],
    ['a rate of nothing', 'POST', '/replay', { dryRun: true, perSecond: 0 }],
  ] as const)('has to make sense: %s', async (_, method, path, body) => {
    const answer = await test.call(method, path, body && { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('has to be there', async () => {
    const body = { subscriber, id: 'none' };
    const missing = { status: 404, body: { code: 'not_found' } };
    expect(await test.call('GET', `/message${query(body)}`)).toMatchObject(missing);
    expect(await test.call('POST', '/replay', { body: { ...body, dryRun: true } })).toMatchObject(missing);
    expect(await edit({ id: 'none', payload: { owner, text: 'x' } })).toMatchObject(missing);
  });

  it('comes in pages', async () => {
    await deadNote();
    const first = DeadLetterPage.parse((await test.call('GET', query({ key: owner, limit: '1' }))).body);
    const more = query({ key: owner, limit: '1', after: first.next ?? '' });
    const second = DeadLetterPage.parse((await test.call('GET', more)).body);
    expect([...first.messages, ...second.messages].map(({ state }) => state)).toEqual(['dead', 'waiting']);
    expect(first.counts).toEqual({ dead: 1, retry: 0, waiting: 1 });
  });
});
