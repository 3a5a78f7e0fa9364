import { describe, expect, it } from '@jest/globals';
import {
  type CommandEnding,
  CreateTask,
  notificationRoutes,
  Notification,
  type Task,
  taskRoutes,
  type Route,
} from '@taskwire/contracts';
import { type Requester, type RequestOptions, type RequestResult, SendError } from '@taskwire/messaging';
import { ProblemError, type Caller, type ServiceClients } from '@taskwire/service';
import { CommandEndings } from '../operations/command-endings.js';
import { OperationIds } from '../operations/operation-id.js';
import { Operations } from '../operations/operations.js';
import { type CommandBinding, routeKey } from './binding.js';
import { bindingOf } from './bindings.js';
import { SendCommand, type WriteRequest } from './send-command.js';

const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const KEY = 'order-17';
const caller: Caller = {
  userId: USER,
  sessionId: USER,
  roles: ['user'],
  token: 'token',
  expiresAt: new Date('2030-01-01'),
};

const task: Task = {
  id: USER,
  title: 'A',
  description: null,
  status: 'todo',
  priority: 'medium',
  dueAt: null,
  remindAt: null,
  labels: [],
  version: 1,
  createdAt: '2026-11-21T10:00:00.000Z',
  updatedAt: '2026-11-21T10:00:00.000Z',
  completedAt: null,
};

const create: WriteRequest = {
  caller,
  method: 'POST',
  path: '/v1/tasks',
  params: {},
  body: {
    title: 'A',
    description: null,
    status: 'todo',
    priority: 'medium',
    dueAt: null,
    remindAt: null,
    labels: [],
  },
  clientBody: { title: 'A' },
  ifMatch: undefined,
  key: KEY,
  waitMs: 5_000,
};

interface SentCommand {
  readonly type: string;
  readonly payload: unknown;
  readonly options: RequestOptions;
}

/** A gateway whose bus answers `result`, and whose service knows `ending`. */
function gateway(result: RequestResult<unknown> | Error, ending?: CommandEnding) {
  const sent: SentCommand[] = [];
  const requester: Requester = {
    request: (contract, payload, options = {}) => {
      sent.push({ type: contract.type, payload, options });
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result as never);
    },
    publish: () => Promise.resolve(),
  };
  const services = {
    get: () => ({
      request: () =>
        ending
          ? Promise.resolve({ status: 200, headers: {}, body: ending })
          : Promise.reject(new ProblemError('service_unavailable')),
    }),
  } as unknown as ServiceClients;
  const endings = new CommandEndings(services);
  const reads = { changed: () => Promise.reject(new Error('nothing is read here')) };
  const operations = new Operations(new OperationIds('a secret of thirty-two characters'), endings, reads);
  return { sent, send: new SendCommand(requester, operations, endings, reads) };
}

function binding(route: Route): CommandBinding {
  const found = bindingOf(routeKey(route));
  if (found === undefined) throw new Error(`no binding for ${routeKey(route)}`);
  return found;
}

async function problemOf(answer: Promise<unknown>): Promise<ProblemError> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error;
  throw new Error('no problem was answered', { cause: error });
}

describe('SendCommand', () => {
  it('answers a reply with the status, body, Location and ETag of the route', async () => {
    const { send } = gateway({ status: 'done', reply: task, repeated: false });

    expect(await send.execute(binding(taskRoutes.create), create)).toEqual({
      status: 201,
      headers: { location: `/v1/tasks/${USER}`, etag: '"1"' },
      body: task,
    });
  });

  it('says that an answer is a repeated one', async () => {
    const { send } = gateway({ status: 'done', reply: task, repeated: true });
    const { headers } = await send.execute(binding(taskRoutes.create), create);

    expect(headers['idempotency-replayed']).toBe('true');
  });

  it('names the same command and the same task for a repeat, and others for another user', async () => {
    const { send, sent } = gateway({ status: 'done', reply: task, repeated: false });
    await send.execute(binding(taskRoutes.create), create);
    await send.execute(binding(taskRoutes.create), { ...create, waitMs: 0 });
    await send.execute(binding(taskRoutes.create), {
      ...create,
      caller: { ...caller, userId: task.id.replace('0', '1') },
    });
    const ids = sent.map(({ options, payload }) => [options.id, CreateTask.payload.parse(payload)] as const);

    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]?.[0]).not.toBe(ids[2]?.[0]);
    expect(sent[0]?.options.identity).toEqual({ actor: USER, roles: ['user'], session: USER });
    expect(sent[0]?.options.requestHash).toBe(sent[1]?.options.requestHash);
  });

  it('asks the service before it answers 202, and answers what the service knows', async () => {
    const done = { status: 'done', requestHash: null, reply: task, problem: null } as const;
    const { send } = gateway({ status: 'pending' }, done);

    expect((await send.execute(binding(taskRoutes.create), create)).status).toBe(201);
  });

  it.each([
    ['before this request began', 60_000, 'true'],
    ['since', 0, undefined],
  ])('says whether what the service knows came about %s', async (_when, endedAgoMs, replayed) => {
    const done = { status: 'done', requestHash: null, reply: task, problem: null, endedAgoMs } as const;
    const { send } = gateway({ status: 'pending' }, done);
    const { headers } = await send.execute(binding(taskRoutes.create), create);

    expect(headers['idempotency-replayed']).toBe(replayed);
  });

  it.each([
    [
      'the service says pending',
      { status: 'pending', requestHash: null, reply: null, problem: null } as const,
    ],
    ['the service cannot be asked', undefined],
  ])('answers 202 with the operation when %s', async (_what, ending) => {
    const { send } = gateway({ status: 'pending' }, ending);
    const { status, headers, body } = await send.execute(binding(taskRoutes.create), create);

    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'pending', id: expect.any(String), expiresAt: expect.any(String) });
    expect(headers.location).toBe(`/v1/operations/${(body as { id: string }).id}`);
  });

  it.each([
    [{ status: 'rejected', problem: { code: 'already_exists' }, repeated: false }, 'already_exists'],
    [{ status: 'failed', problem: { code: 'TypeError' }, repeated: false }, 'failed'],
    [{ status: 'expired', problem: { code: 'expired' }, repeated: false }, 'expired'],
    [{ status: 'cancelled', problem: { code: 'cancelled' }, repeated: false }, 'cancelled'],
    [{ status: 'conflict' }, 'idempotency_conflict'],
    [{ status: 'too-old' }, 'gone'],
    [{ status: 'unknown' }, 'outcome_unknown'],
    [new SendError('not-stored', 'no broker'), 'bus_unavailable'],
    [new SendError('unknown', 'lost'), 'outcome_unknown'],
  ] as const)('answers %j as %s', async (result, code) => {
    const { send } = gateway(result);

    expect((await problemOf(send.execute(binding(taskRoutes.create), create))).code).toBe(code);
  });

  it('tells where the thing is that exists already, and the operation when the outcome is unknown', async () => {
    const exists = gateway({ status: 'rejected', problem: { code: 'already_exists' }, repeated: false });
    const unknown = gateway({ status: 'unknown' });
    const first = await problemOf(exists.send.execute(binding(taskRoutes.create), create));
    const second = await problemOf(unknown.send.execute(binding(taskRoutes.create), create));
    const { taskId } = CreateTask.payload.parse(exists.sent[0]?.payload);

    expect(first.headers).toMatchObject({ location: `/v1/tasks/${taskId}` });
    expect(second.headers?.location).toMatch(/^\/v1\/operations\//);
    expect(second.detail).toContain(KEY);
  });

  it('sends the version of If-Match, and refuses a change without one', async () => {
    const { send, sent } = gateway({ status: 'done', reply: task, repeated: false });
    const update = {
      ...create,
      method: 'PATCH',
      path: `/v1/tasks/${USER}`,
      params: { id: USER },
      body: { title: 'B' },
    };
    await send.execute(binding(taskRoutes.update), { ...update, ifMatch: '"7"' });

    expect(sent[0]?.payload).toEqual({ taskId: USER, ownerId: USER, version: 7, changes: { title: 'B' } });
    const problem = await problemOf(send.execute(binding(taskRoutes.update), update));
    expect(problem.code).toBe('if_match_required');
  });

  it('answers a reply from the inbox that does not fit its contract as a fault, not as a body', async () => {
    const ending = { status: 'done', requestHash: null, reply: { number: 1 }, problem: null } as const;
    const { send } = gateway({ status: 'pending' }, ending);
    const read = { ...create, method: 'POST', path: `/v1/notifications/${USER}/read`, params: { id: USER } };

    await expect(send.execute(binding(notificationRoutes.read), read)).rejects.toThrow();
    expect(Notification.safeParse({ number: 1 }).success).toBe(false);
  });
});
