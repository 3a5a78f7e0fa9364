import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProblemBody, Revocations, SignedIn } from '@taskwire/contracts';
import type { Bus, IncomingMessage } from '@taskwire/messaging';
import { startService } from '@taskwire/service';
import { createTestDatabase, freePorts } from '@taskwire/testing';
import { service } from './service.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What a spec expects of it. */
  readonly body: SignedIn & Revocations & ProblemBody;
}

export interface RunningAuth {
  readonly url: string;
  readonly bus: Bus;
  readonly env: NodeJS.ProcessEnv;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** With the internal token. */
  internal(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Waits for an event of auth that fits, also among those that came before. */
  event(type: string, fits: (payload: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;

/** Auth on a database, a port and keys of its own, unless `env` names others, over a memory bus. */
export async function startAuth(env: NodeJS.ProcessEnv = {}): Promise<RunningAuth> {
  const database = await createTestDatabase();
  const keys = await mkdtemp(join(tmpdir(), 'taskwire-auth-'));
  const internalToken = randomBytes(32).toString('hex');
  const [port = 0] = await freePorts(1);
  let bus: Bus | undefined;
  const settings = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    BUS: 'memory',
    PORT: String(port),
    AUTH_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: database.url,
    INTERNAL_TOKEN: internalToken,
    KEYS_DIR: keys,
    ...env,
  };
  const remove = async () => {
    await database.drop();
    await rm(keys, { recursive: true });
  };
  const running = await startService(
    {
      ...service,
      module: (context) => {
        bus = context.bus;
        return service.module(context);
      },
    },
    settings,
  ).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  if (bus === undefined) throw new Error('auth started without its module');
  const events = await readEvents(bus, port);

  const call: RunningAuth['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(new URL(path, running.url), {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text || 'null') as Answer['body'],
    };
  };
  return {
    url: running.url,
    bus,
    env: settings,
    call,
    internal: (method, path, body, headers = {}) =>
      call(method, path, body, { ...headers, authorization: `Bearer ${internalToken}` }),
    event: events.find,
    async close() {
      await running.close();
      await remove();
    },
  };
}

/** Reads all that auth publishes, in a group of its own. */
async function readEvents({ driver }: Bus, port: number) {
  const group = `auth.spec.${port}`;
  const topics = ['auth.events.v1'];
  const seen: IncomingMessage[] = [];
  let arrived = Promise.withResolvers<void>();
  await driver.declare({ topics: [], groups: [{ name: group, topics, from: 'earliest' }] });
  await driver.subscribe(group, topics, (messages) => {
    seen.push(...messages);
    arrived.resolve();
    arrived = Promise.withResolvers();
    return Promise.resolve();
  });

  const find: RunningAuth['event'] = async (type, fits) => {
    const limit = AbortSignal.timeout(PATIENCE_MS);
    for (let next = 0; ;) {
      for (; next < seen.length; next += 1) {
        const message = seen[next];
        const payload = JSON.parse(message?.body.toString() ?? '{}') as Record<string, unknown>;
        if (message?.headers['type'] === type && fits(payload)) return payload;
      }
      if (limit.aborted) throw new Error(`no ${type} within ${PATIENCE_MS} ms`);
      await Promise.race([arrived.promise, once(limit, 'abort')]);
    }
  };
  return { find };
}
