import { describe, expect, it } from '@jest/globals';
import type { CommandEnding, Task } from '@taskwire/contracts';
import { type Caller, ProblemError, type ServiceClients } from '@taskwire/service';
import { CommandEndings } from './command-endings.js';
import { OperationIds, type OperationKey } from './operation-id.js';
import { Operations } from './operations.js';

const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const DAY_MS = 24 * 60 * 60 * 1000;
const caller: Caller = {
  userId: USER,
  sessionId: USER,
  roles: ['user'],
  token: 'token',
  expiresAt: new Date('2030-01-01'),
};
const key: OperationKey = {
  service: 'task',
  subscriber: 'task.commands',
  owner: USER,
  commandId: '6f1f6f0e-9d0c-8f7a-8f0e-1f2d3c4b5a69',
  route: 'POST /v1/tasks',
  firstSentAt: new Date(),
  deadline: new Date(Date.now() + 900_000),
};
const task: Task = {
  ...{ id: USER, title: 'A', description: null, status: 'todo', priority: 'medium', labels: [], version: 1 },
  ...{ dueAt: null, remindAt: null, completedAt: null },
  ...{ createdAt: '2026-11-21T10:00:00.000Z', updatedAt: '2026-11-21T10:00:00.000Z' },
};
const ids = new OperationIds('a secret of thirty-two characters');

function operations(ending: Partial<CommandEnding>) {
  const asked: unknown[] = [];
  const request = (what: unknown) => {
    asked.push(what);
    const body = { requestHash: null, reply: null, problem: null, ...ending };
    return Promise.resolve({ status: 200, headers: {}, body });
  };
  const services = { get: () => ({ request }) } as unknown as ServiceClients;
  const reads = { changed: () => Promise.reject(new Error('nothing is read here')) };
  return { asked, operations: new Operations(ids, new CommandEndings(services), reads) };
}

const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'no problem',
    (error: unknown) => (error instanceof ProblemError ? error.code : error),
  );

describe('Operations', () => {
  it('asks the service about exactly this command', async () => {
    const { asked, operations: all } = operations({ status: 'pending' });
    const operation = await all.get(ids.sign(key), caller);

    expect(operation).toEqual({
      id: ids.sign(key),
      status: 'pending',
      expiresAt: new Date(key.firstSentAt.getTime() + 7 * DAY_MS).toISOString(),
    });
    expect(asked).toEqual([
      expect.objectContaining({
        method: 'GET',
        path: `/internal/operations/${key.commandId}`,
        internal: true,
        query: expect.objectContaining({ subscriber: 'task.commands', deadline: key.deadline.toISOString() }),
      }),
    ]);
  });

  it('answers a done one with the body of its route and where it is, if it has them', async () => {
    const done = operations({ status: 'done', reply: task }).operations;
    const deleted = operations({ status: 'done', reply: { taskId: USER, ownerId: USER } }).operations;

    expect(await done.get(ids.sign(key), caller)).toMatchObject({
      result: task,
      location: `/v1/tasks/${USER}`,
    });
    expect(await deleted.get(ids.sign({ ...key, route: 'DELETE /v1/tasks/{id}' }), caller)).toEqual(
      expect.not.objectContaining({ result: expect.anything(), location: expect.anything() }),
    );
  });

  it.each([
    ['rejected', { code: 'not_found' }, 404],
    ['failed', { code: 'failed' }, 500],
    ['expired', null, 504],
    ['cancelled', null, 409],
  ] as const)('answers a %s one with its problem', async (status, problem, http) => {
    const operation = await operations({ status, problem }).operations.get(ids.sign(key), caller);

    expect(operation).toMatchObject({ status, problem: { status: http } });
  });

  it.each([
    ['forged', ids.sign(key).replace('.', '.x'), 'not_found'],
    ['foreign', ids.sign({ ...key, owner: USER.replace('0', '1') }), 'not_found'],
    ['forgotten', ids.sign({ ...key, firstSentAt: new Date(Date.now() - 7 * DAY_MS) }), 'gone'],
  ])('knows no %s one', async (_what, id, code) => {
    const { asked, operations: all } = operations({ status: 'done', reply: task });

    expect(await codeOf(all.get(id, caller))).toBe(code);
    expect(await codeOf(all.cancel(id, caller))).toBe(code);
    expect(asked).toEqual([]);
  });

  it('cancels what has not ended, and only that', async () => {
    const open = operations({ status: 'cancelled' }).operations;
    const ended = operations({ status: 'done', reply: task }).operations;
    const ending = operations({ status: 'pending' }).operations;

    expect((await open.cancel(ids.sign(key), caller)).status).toBe('cancelled');
    expect(await codeOf(ended.cancel(ids.sign(key), caller))).toBe('already_ended');
    expect(await codeOf(ending.cancel(ids.sign(key), caller))).toBe('service_unavailable');
  });
});
