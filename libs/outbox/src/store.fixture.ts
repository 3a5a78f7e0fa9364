import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Delivery,
  type Driver,
  event,
  type GroupSettings,
  type HandlerResult,
  type OutgoingMessage,
  partitionOf,
  type ReceivedMessage,
  Rejection,
  type Run,
  type RunContext,
  type SendError,
} from '@taskwire/messaging';
import { createTestDatabase } from '@taskwire/testing';
import { Pool } from 'pg';
import { z } from 'zod';
import { install } from './install.js';
import type { OutboxStore, StoreOptions } from './outbox-store.js';
import type { SqlExecutor } from './sql/executor.js';
import { unwrap } from './sql/executor.js';
import { pgExecutor, type PgHandle } from './sql/pg-executor.js';
import { createStore } from './store.js';

export const COMMANDS: GroupSettings = { subscriber: 'test.commands', afterDead: 'block' };
export const EVENTS: GroupSettings = { subscriber: 'test.events', afterDead: 'block' };

export const Happened = event('thing.happened.v1', {
  topic: 'thing.events',
  key: (payload) => payload.key,
  payload: z.object({ key: z.string(), n: z.string() }),
});

export interface TestStore {
  readonly url: string;
  readonly pool: Pool;
  readonly executor: SqlExecutor;
  readonly store: OutboxStore;
  /** Another instance on the same database, with its own owner. */
  another(options?: Partial<StoreOptions>): OutboxStore;
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Empties all tables: faster than a new database for each test. */
  clear(): Promise<void>;
  /** Ids in the order in which their effects were committed. */
  effects(): Promise<string[]>;
  close(): Promise<void>;
}

const TABLES = [
  ...['inbox', 'parked_messages', 'outbox', 'outbox_held', 'outbox_lease', 'scheduled_messages'],
  ...['running_marks', 'suspect_messages', 'operator_actions', 'effects'],
];

/** A fresh database with the store's tables and `effects`, which the test handlers write. */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const database = await createTestDatabase();
  const pool = new Pool({ connectionString: database.url, max: 12, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  const executor = pgExecutor(pool);
  await install(executor);
  await pool.query(
    'create table effects (n bigint generated always as identity, id text not null, key text)',
  );
  const another = (other: Partial<StoreOptions> = {}) => createStore({ executor, ...options, ...other });
  return {
    url: database.url,
    pool,
    executor,
    store: another(),
    another,
    query: async <Row extends object>(text: string, values?: unknown[]) =>
      (await pool.query<Row>(text, values)).rows,
    clear: async () => {
      await pool.query(TABLES.map((table) => `delete from ${table};`).join(' '));
    },
    effects: async () =>
      (await pool.query<{ id: string }>('select id from effects order by n')).rows.map((row) => row.id),
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

export interface MessageOptions {
  readonly id?: string;
  readonly key?: string | null;
  readonly topic?: string;
  readonly partition?: number;
  readonly payload?: unknown;
  readonly firstSentAt?: Date;
  readonly deadline?: Date | null;
  readonly requestHash?: string | null;
  readonly fault?: Delivery['fault'];
}

export const command = (options: MessageOptions = {}): Delivery =>
  delivery('command', 'thing.commands', options);
export const happened = (options: MessageOptions = {}): Delivery =>
  delivery('event', 'thing.events', options);

function delivery(kind: 'command' | 'event', topic: string, options: MessageOptions): Delivery {
  const id = options.id ?? randomUUID();
  const key = options.key === undefined ? 'owner' : options.key;
  const message: ReceivedMessage = {
    id,
    kind,
    type: kind === 'command' ? 'thing.do.v1' : 'thing.happened.v1',
    topic: options.topic ?? topic,
    partition: options.partition ?? partitionOf(key ?? id, 8),
    key,
    payload: options.payload ?? {},
    actor: 'user',
    roles: [],
    session: null,
    firstSentAt: options.firstSentAt ?? new Date(),
    deadline: options.deadline ?? null,
    requestHash: options.requestHash ?? null,
    sequence: null,
  };
  const headers = {
    id,
    type: message.type,
    partitionkey: key ?? id,
    test: JSON.stringify({ ...message, payload: null }),
  };
  return {
    message,
    fault: options.fault ?? null,
    headers,
    body: Buffer.from(JSON.stringify(message.payload)),
    traceId: null,
  };
}

/** What the pipeline does with a parked message; here its test headers hold all of it. */
export function parse(headers: Readonly<Record<string, string>>, body: Buffer): Delivery {
  const stored = JSON.parse(headers['test'] ?? '{}') as ReceivedMessage & {
    firstSentAt: string;
    deadline: string | null;
  };
  const message: ReceivedMessage = {
    ...stored,
    firstSentAt: new Date(stored.firstSentAt),
    deadline: stored.deadline === null ? null : new Date(stored.deadline),
    payload: JSON.parse(body.toString()) as unknown,
  };
  return { message, fault: null, headers, body, traceId: null };
}

export type Handle = (message: ReceivedMessage, context: RunContext) => unknown;

/** A run that calls `handle` for each message, as the pipeline does; a Rejection that it throws is a refusal. */
export function runOf(handle: Handle, locks?: Run['locks']): Run {
  const run = async (messages: readonly ReceivedMessage[], context: RunContext): Promise<HandlerResult[]> => {
    const results: HandlerResult[] = [];
    for (const message of messages) {
      const before = context.writes;
      try {
        results.push({ reply: await handle(message, context) });
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        results.push({ rejection: error, afterWrite: context.writes > before });
      }
    }
    return results;
  };
  return locks ? Object.assign(run, { locks }) : run;
}

export async function effect(
  message: ReceivedMessage,
  { tx }: Pick<RunContext, 'tx'>,
): Promise<{ id: string }> {
  await unwrap<PgHandle>(tx).query('insert into effects (id, key) values ($1, $2)', [
    message.id,
    message.key,
  ]);
  return { id: message.id };
}

/** Writes an effect for each message. */
export const writing = runOf(effect);

/** Fails as often as it is told for an id, after it wrote. */
export function failing(ids: ReadonlyMap<string, number>): Run & { readonly runs: string[] } {
  const left = new Map(ids);
  const runs: string[] = [];
  const run = runOf(async (message, context) => {
    runs.push(message.id);
    const reply = await effect(message, context);
    const failures = left.get(message.id) ?? 0;
    if (failures > 0) {
      left.set(message.id, failures - 1);
      throw new Error(`no luck with ${message.id}`);
    }
    return reply;
  });
  return Object.assign(run, { runs });
}

/** Waits until `condition` holds; says what it waited for when it does not within 10 s. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    if (await condition()) return;
    await delay(5);
  }
  throw new Error(`waited 10 s for: ${what}`);
}

type Answer = (message: OutgoingMessage) => SendError | undefined;

/** A driver that keeps what it was given, in order, and answers as it is told. Nothing behind a failure of a partition is stored. */
export class RecordingDriver implements Pick<Driver, 'send'> {
  readonly stored: OutgoingMessage[] = [];
  answer: Answer = () => undefined;
  before: () => Promise<void> = () => Promise.resolve();
  calls = 0;
  running = 0;
  mostRunning = 0;

  async send(messages: readonly OutgoingMessage[]): Promise<(SendError | undefined)[]> {
    this.calls += 1;
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.before();
      const stopped = new Map<number, SendError>();
      return messages.map((message) => {
        const error = stopped.get(message.partition) ?? this.answer(message);
        if (error) stopped.set(message.partition, error);
        else this.stored.push(message);
        return error;
      });
    } finally {
      this.running -= 1;
    }
  }

  numbers(): string[] {
    return this.stored.map((message) => (JSON.parse(message.body.toString()) as { n: string }).n);
  }
}
