import { randomBytes, randomUUID } from 'node:crypto';
import type { CreateTask, TaskCursorPage, TaskPage } from '@taskwire/contracts';
import type {
  Bus,
  CommandContract,
  IncomingMessage,
  PayloadOf,
  Requester,
  RequestOptions,
} from '@taskwire/messaging';
import { startService } from '@taskwire/service';
import { createTestDatabase, startStubAuth, until } from '@taskwire/testing';
import type { z } from 'zod';
import { service } from './service.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What a spec expects of it. */
  readonly body: z.output<typeof TaskPage> & z.output<typeof TaskCursorPage>;
}

/** What is known of an event from its wire form. */
export interface SentEvent {
  readonly type: string;
  readonly actor: string | undefined;
  readonly ownerId: string;
}

export interface RunningTask {
  /** Sends a command as its owner, or as `actor`, and waits for its end. */
  request<C extends CommandContract>(
    contract: C,
    payload: PayloadOf<C> & { ownerId: string },
    options?: Partial<RequestOptions> & { actor?: string },
  ): ReturnType<Bus['request']>;
  get(ownerId: string, path: string): Promise<Answer>;
  internal(method: string, path: string): Promise<Answer>;
  /** All events of an owner so far, once there are `count`. */
  events(ownerId: string, count: number): Promise<SentEvent[]>;
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;

export function createPayload(ownerId: string, overrides: Partial<PayloadOf<typeof CreateTask>> = {}) {
  return {
    taskId: randomUUID(),
    ownerId,
    title: 'Buy milk',
    description: null,
    status: 'todo',
    priority: 'medium',
    dueAt: null,
    remindAt: null,
    labels: [],
    ...overrides,
  } satisfies PayloadOf<typeof CreateTask>;
}

/** The task service on a database of its own, over a memory bus, with auth as a stub. */
export async function startTask(): Promise<RunningTask> {
  const database = await createTestDatabase();
  const auth = await startStubAuth();
  const internalToken = randomBytes(32).toString('hex');
  let bus: Bus | undefined;
  const running = await startService(
    {
      ...service,
      module: (context) => {
        bus = context.bus;
        return service.module(context);
      },
    },
    {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      BUS: 'memory',
      PORT: '0',
      AUTH_URL: auth.url,
      DATABASE_URL: database.url,
      INTERNAL_TOKEN: internalToken,
    },
  );
  if (bus === undefined) throw new Error('task started without its module');
  const requester: Requester = bus;
  const sent = await readEvents(bus);

  const call = async (method: string, path: string, token: string): Promise<Answer> => {
    const response = await fetch(new URL(path, running.url), {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer['body'],
    };
  };
  return {
    request: (contract, payload, { actor = payload.ownerId, ...options } = {}) =>
      requester.request(contract, payload, {
        id: randomUUID(),
        identity: { actor, roles: ['user'], session: null },
        firstSentAt: new Date(),
        deadline: new Date(Date.now() + 60_000),
        waitMs: PATIENCE_MS,
        ...options,
      }),
    get: async (ownerId, path) => call('GET', path, await auth.tokenFor(ownerId)),
    internal: (method, path) => call(method, path, internalToken),
    events: (ownerId, count) =>
      until(`${count} events of an owner`, () => {
        const found = sent.map(eventOf).filter((event) => event.ownerId === ownerId);
        return found.length >= count && found;
      }),
    async close() {
      await running.close();
      await auth.close();
      await database.drop();
    },
  };
}

/** Reads all that the service publishes, in a group of its own. */
async function readEvents({ driver }: Bus): Promise<readonly IncomingMessage[]> {
  const group = `task.spec.${randomUUID()}`;
  const topics = ['task.events.v1'];
  const sent: IncomingMessage[] = [];
  await driver.declare({ topics: [], groups: [{ name: group, topics, from: 'earliest' }] });
  await driver.subscribe(group, topics, (messages) => {
    sent.push(...messages);
    return Promise.resolve();
  });
  return sent;
}

function eventOf({ headers, key }: IncomingMessage): SentEvent {
  return { type: headers['type'] ?? '', actor: headers['actor'], ownerId: key };
}
