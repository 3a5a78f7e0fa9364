import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  Bus,
  type Driver,
  encodeEvent,
  event,
  type EventOf,
  type HandlerContext,
  onEvents,
  type OutgoingMessage,
  subscription,
  topologyOf,
} from '@taskwire/messaging';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { createStore, install, type OutboxStore, pgExecutor, type PgHandle, unwrap } from '@taskwire/outbox';
import { createLogger } from '@taskwire/telemetry';
import { createTestDatabase, startStubAuth, type StubAuth } from '@taskwire/testing';
import { Pool } from 'pg';
import { z } from 'zod';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { PublishedKeys } from '../access/published-keys.js';
import { knownRevocations } from '../access/tokens.fixture.js';
import { ServiceClients } from '../clients/service-clients.js';
import { createHttpApp } from '../http-server.js';
import { CONFIG, GROUPS, LOGGER, OUTBOX_STORE } from '../tokens.js';
import { DeadLettersController } from './dead-letters.controller.js';

const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';

const Noted = event('note.noted.v1', {
  topic: 'note.events.v1',
  key: ({ owner }) => owner,
  payload: z.object({ owner: z.string(), text: z.string().min(1) }),
});
export const notes = subscription('notes.events', { kind: 'group', events: [Noted] });

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

/** A service with one group, served over BUS=postgres by a handler that fails as long as it is told to. */
export class TestNotes {
  /** Texts that its handler refuses to take. */
  readonly poison = new Set<string>();

  private constructor(
    readonly auth: StubAuth,
    readonly store: OutboxStore,
    private readonly pool: Pool,
    private readonly driver: Driver,
    private readonly bus: Bus,
    private readonly app: NestFastifyApplication,
    private readonly url: string,
    private readonly end: () => Promise<void>,
    /** Fields of what the service logged. */
    readonly logged: readonly object[],
  ) {}

  static async start(): Promise<TestNotes> {
    const databases = [await createTestDatabase(), await createTestDatabase()];
    const [own = '', ofBus = ''] = databases.map(({ url }) => url);
    const pool = new Pool({ connectionString: own, connectionTimeoutMillis: 5_000 });
    const executor = pgExecutor(pool);
    await install(executor);
    await pool.query('create table notes (n bigint generated always as identity, owner text, text text)');
    const store = createStore({ executor, settings: { retryMs: [0], replayPerSecond: 1_000 } });
    const driver = postgresDriver({ url: ofBus });
    const bus = new Bus({ driver, topology: topologyOf([Noted], [notes]), log: () => undefined });
    const auth = await startStubAuth();
    const services = new ServiceClients({ auth: auth.url }, INTERNAL_TOKEN);
    const tokens = new AccessTokenVerifier(new PublishedKeys(services), knownRevocations());
    const logged: object[] = [];
    class TestModule {}
    const providers = [
      { provide: CONFIG, useValue: { INTERNAL_TOKEN } },
      { provide: OUTBOX_STORE, useValue: store },
      { provide: GROUPS, useValue: [notes] },
      { provide: LOGGER, useValue: { info: (fields: object) => void logged.push(fields) } },
      { provide: Bus, useValue: bus },
      { provide: AccessTokenVerifier, useValue: tokens },
    ];
    const log = createLogger({ service: 'notes', env: { LOG_LEVEL: 'silent' } });
    const app = await createHttpApp(
      'notes',
      { module: TestModule, controllers: [DeadLettersController], providers },
      log,
    );
    await app.listen(0, '127.0.0.1');
    const end = async () => {
      await app.close();
      await bus.close();
      await Promise.all([services.close(), auth.close(), pool.end()]);
      for (const database of databases) await database.drop();
    };
    const test = new TestNotes(auth, store, pool, driver, bus, app, await app.getUrl(), end, logged);
    const drain = { everyMs: 20, idleEveryMs: 3_600_000 };
    await bus.serve(notes, [onEvents([Noted], (events, context) => test.take(events, context))], store, {
      drain,
    });
    return test;
  }

  private async take(events: readonly EventOf<typeof Noted>[], { tx }: HandlerContext): Promise<void> {
    for (const { payload } of events) {
      await unwrap<PgHandle>(tx).query('insert into notes (owner, text) values ($1, $2)', [
        payload.owner,
        payload.text,
      ]);
      if (this.poison.has(payload.text)) throw new Error(`can not take ${payload.text.length} characters`);
    }
  }

  /** Sends a note over the bus; answers its id. `change`: as a foreign sender would have it. */
  async send(
    owner: string,
    text: string,
    change: (message: OutgoingMessage) => Partial<OutgoingMessage> = () => ({}),
  ): Promise<string> {
    const message = encodeEvent(Noted, { owner, text });
    const changed = { ...message, ...change(message) };
    const [error] = await this.driver.send([changed]);
    if (error) throw error;
    return changed.headers['id'] ?? '';
  }

  async texts(owner: string): Promise<string[]> {
    const { rows } = await this.pool.query<{ text: string }>(
      'select text from notes where owner = $1 order by n',
      [owner],
    );
    return rows.map(({ text }) => text);
  }

  async call(
    method: 'GET' | 'POST',
    path: string,
    { token = INTERNAL_TOKEN, body }: { token?: string | null; body?: object } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/internal/dead-letters${path}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  operator(): Promise<string> {
    return this.auth.tokenFor(OPERATOR_ID, ['user', 'operator']);
  }

  close(): Promise<void> {
    return this.end();
  }
}

export const OPERATOR_ID = randomUUID();
