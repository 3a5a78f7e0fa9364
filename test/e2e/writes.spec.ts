import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Operation, ProblemBody, Task } from '@taskwire/contracts';
import { uuidv7 } from '@taskwire/messaging';
import { Client as Database } from 'pg';
import { answerOf, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

let platform: Platform;
let ada: Client;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);
beforeEach(async () => {
  ada = await signUp(platform.api);
});

const problem = (code: string) => ({
  code,
  type: `/docs/errors/${code}`,
  traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
});
const create = (title: string, headers: Record<string, string> = {}) =>
  answerOf(ada.api.POST('/v1/tasks', { body: { title }, headers }));
const read = (id: string) => ada.api.GET('/v1/tasks/{id}', { params: { path: { id } } });
const patch = (id: string, version: string, title: string) =>
  answerOf(
    ada.api.PATCH('/v1/tasks/{id}', {
      params: { path: { id }, header: { 'If-Match': version } },
      body: { title },
    }),
  );
const listOf = async (client: Client) => (await answerOf(client.api.GET('/v1/tasks'))).body.tasks;

describe('writing tasks', () => {
  it('creates, reads, changes, completes, reopens and deletes a task', async () => {
    const created = await answerOf(
      ada.api.POST('/v1/tasks', { body: { title: ' Write ', labels: ['a', 'a'] } }),
    );
    const path = created.headers.get('location') ?? '';
    expect(created).toMatchObject({
      status: 201,
      body: { title: 'Write', labels: ['a'], status: 'todo', version: 1 },
    });
    expect(path).toBe(`/v1/tasks/${created.body.id}`);
    expect(created.headers.get('etag')).toBe('"1"');

    const read = await ada.call<Task>('GET', path);
    expect(read.body).toEqual(created.body);
    const changed = await ada.call<Task>('PATCH', path, { priority: 'high' }, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, body: { priority: 'high', version: 2 } });
    const typed = { 'content-type': 'application/json' }; // as many clients send it, with no body behind it
    const completed = await ada.call<Task>('POST', `${path}/complete`, undefined, typed);
    expect(completed).toMatchObject({ status: 200, body: { status: 'done', version: 3 } });
    const reopened = await ada.call<Task>('POST', `${path}/reopen`);
    expect(reopened).toMatchObject({ status: 200, body: { status: 'todo', version: 4 } });
    expect(await listOf(ada)).toEqual([reopened.body]);

    const deleted = await ada.call('DELETE', path, undefined, { 'if-match': '"4"' });
    expect(deleted).toMatchObject({ status: 204, body: undefined });
    expect((await ada.call('GET', path)).status).toBe(404);
  });

  it('answers 304 to a read with the ETag that the client has', async () => {
    const { id } = await ada.createTask('A');
    const read = await answerOf(
      ada.api.GET('/v1/tasks/{id}', { params: { path: { id }, header: { 'If-None-Match': '"1"' } } }),
    );

    expect(read).toMatchObject({ status: 304, body: undefined });
  });

  it('answers 304 to a list that is as the client has it, and the list when it is not', async () => {
    const { headers } = await answerOf(ada.api.GET('/v1/tasks'));
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    const same = await answerOf(ada.api.GET('/v1/tasks', { headers: known }));
    expect(same).toMatchObject({ status: 304, body: undefined });
    expect(same.headers.get('etag')).toBe(headers.get('etag'));

    const { id } = await ada.createTask('A');
    const changed = await answerOf(ada.api.GET('/v1/tasks', { headers: known }));
    expect(changed.status).toBe(200);
    expect(changed.body.tasks.map((task) => task.id)).toContain(id);
  });

  it('demands If-Match for a change, and refuses a stale one', async () => {
    const { id } = await ada.createTask('A');
    const without = await ada.call<ProblemBody>('PATCH', `/v1/tasks/${id}`, { title: 'B' });
    await patch(id, '"1"', 'B');
    const stale = await patch(id, '"1"', 'C');

    expect(without).toMatchObject({ status: 428, body: problem('if_match_required') });
    expect(stale).toMatchObject({ status: 412, body: problem('version_conflict') });
    expect(stale.headers.get('content-type')).toContain('application/problem+json');
  });

  it('loses no change of fifty editors at once: one is taken, and who is not hears it', async () => {
    const { id } = await ada.createTask('A');
    for (const version of [1, 2]) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => patch(id, `"${version}"`, `${version}.${n}`)),
      );
      const taken = answers.filter(({ status }) => status === 200);

      expect(answers.filter(({ status }) => status === 412)).toHaveLength(49);
      expect(taken.map(({ body }) => body)).toEqual([(await read(id)).data]);
      expect(taken[0]?.body).toMatchObject({ version: version + 1 });
    }
  });

  it('changes and deletes whatever the version is when told so', async () => {
    const { id } = await ada.createTask('A');
    const params = { path: { id }, header: { 'If-Match': '*' } };
    const changed = await patch(id, '*', 'B');
    const again = await patch(id, '*', 'C');
    const deleted = await answerOf(ada.api.DELETE('/v1/tasks/{id}', { params }));

    expect(changed).toMatchObject({ status: 200, body: { title: 'B', version: 2 } });
    expect(again).toMatchObject({ status: 200, body: { title: 'C', version: 3 } });
    expect(deleted.status).toBe(204);
    expect(await answerOf(ada.api.DELETE('/v1/tasks/{id}', { params }))).toMatchObject({ status: 404 });
  });

  it("says of another user's task that there is none", async () => {
    const { id } = await ada.createTask('secret');
    const eve = await signUp(platform.api);
    const answers = [
      await answerOf(eve.api.GET('/v1/tasks/{id}', { params: { path: { id } } })),
      await answerOf(
        eve.api.PATCH('/v1/tasks/{id}', {
          params: { path: { id }, header: { 'If-Match': '"1"' } },
          body: { title: 'mine' },
        }),
      ),
      await answerOf(eve.api.POST('/v1/tasks/{id}/complete', { params: { path: { id } } })),
      await answerOf(
        eve.api.DELETE('/v1/tasks/{id}', { params: { path: { id }, header: { 'If-Match': '"1"' } } }),
      ),
    ];

    for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: problem('not_found') });
    expect(await listOf(eve)).toEqual([]);
  });

  it('names each mistake in a body', async () => {
    const answer = await ada.call<ProblemBody>('POST', '/v1/tasks', {
      title: '',
      priority: 'huge',
      extra: 1,
    });

    expect(answer).toMatchObject({ status: 400, body: problem('validation_failed') });
    expect(answer.body.errors?.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/title', '/priority']),
    );
    expect(answer.headers.get('idempotency-key')).toBeTruthy();
  });
});

describe('repeating a write', () => {
  it('answers a repeat with the first answer, and does nothing again', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await create('once', key);
    const again = await create('once', key);

    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('idempotency-key')).toBe(key['idempotency-key']);
    expect(await listOf(ada)).toHaveLength(1);
  });

  it('does one of many that arrive together', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('once', key)));

    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect(await listOf(ada)).toHaveLength(1);
  });

  it('refuses another request under the same key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await create('once', key);
    const other = await create('twice', key);

    expect(other).toMatchObject({ status: 422, body: problem('idempotency_conflict') });
  });

  it('takes the key that it made itself', async () => {
    const first = await ada.call<Task>('POST', '/v1/tasks', { title: 'once' });
    const key = { 'idempotency-key': first.headers.get('idempotency-key') ?? '' };
    const again = await create('once', key);

    expect(again.body).toEqual(first.body);
    expect(await listOf(ada)).toHaveLength(1);
  });
});

describe('repeating a write after the inbox has forgotten it', () => {
  it('of a create says that the task exists, and where', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await create('once', key);
    const store = new Database({ connectionString: platform.databases.task });
    await store.connect();
    await store.query('delete from inbox');
    await store.end();
    const again = await create('once', key);

    expect(again).toMatchObject({ status: 409, body: problem('already_exists') });
    expect(again.headers.get('location')).toBe(`/v1/tasks/${first.body.id}`);
  });

  it('is refused by the time in its key', async () => {
    const key = { 'idempotency-key': uuidv7(Date.now() - 8 * 24 * 60 * 60 * 1000) };
    const late = await create('late', key);

    expect(late).toMatchObject({ status: 410, body: problem('gone') });
    expect(await listOf(ada)).toEqual([]);
  });
});

describe('operations', () => {
  it('answers 202 when asked to, and the operation ends as done with the body', async () => {
    const taken = await create('later', { prefer: 'respond-async' });
    const location = taken.headers.get('location') ?? '';
    const ended = await until(
      'the operation is done',
      async () => (await ada.call<Operation>('GET', location)).body,
      ({ status }) => status !== 'pending',
    );

    expect([201, 202]).toContain(taken.status);
    expect(taken.headers.get('preference-applied')).toBe('respond-async');
    if (taken.status === 202)
      expect(ended).toMatchObject({
        id: taken.body.id,
        status: 'done',
        result: { title: 'later' },
        location: expect.stringMatching('^/v1/tasks/'),
      });
  });

  it('is nobody else’s to read or cancel, and has ended', async () => {
    const eve = await signUp(platform.api);
    let location = '';
    while (!location.startsWith('/v1/operations/')) {
      const taken = await create('later', { prefer: 'respond-async' });
      location = taken.headers.get('location') ?? '';
    }
    await until(
      'the operation is done',
      async () => (await ada.call<Operation>('GET', location)).body,
      ({ status }) => status === 'done',
    );

    expect(await eve.call('GET', location)).toMatchObject({ status: 404, body: problem('not_found') });
    expect(await eve.call('DELETE', location)).toMatchObject({ status: 404 });
    expect(await ada.call('GET', `${location}x`)).toMatchObject({ status: 404 });
    expect(await ada.call('DELETE', location)).toMatchObject({ status: 409, body: problem('already_ended') });
  });
});

describe('cancelling a command while it may be running', () => {
  it('ends it once: everybody sees it cancelled, or done', async () => {
    const titles = Array.from({ length: 20 }, (_, n) => `t${n}`);
    const done = await Promise.all(
      titles.map(async (title) => {
        const taken = await create(title, { prefer: 'respond-async' });
        if (taken.status === 201) return [title];
        const location = taken.headers.get('location') ?? '';
        const cancelled = await ada.call<Operation | ProblemBody>('DELETE', location);
        const { status } = (await ada.call<Operation>('GET', location)).body;

        const won = { cancelled: 200, done: 409 }[String(status)];
        expect(cancelled.status).toBe(won);
        return status === 'done' ? [title] : [];
      }),
    );

    expect((await listOf(ada)).map(({ title }) => title).sort()).toEqual(done.flat().sort());
  });
});

describe('the profile', () => {
  it('is changed by a command and answered with what auth then holds', async () => {
    const changed = await answerOf(ada.api.PATCH('/v1/auth/me', { body: { name: 'Ada' } }));
    const read = await answerOf(ada.api.GET('/v1/auth/me'));

    expect(changed).toMatchObject({ status: 200, body: { name: 'Ada', email: ada.email, version: 2 } });
    expect(read.body).toEqual(changed.body);
    expect(changed.headers.get('etag')).toBe('"2"');
  });
});
