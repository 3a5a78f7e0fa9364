import { randomBytes, randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import {
  Bus,
  contextOf,
  direct,
  type Driver,
  type MessageStore,
  onEvents,
  type RequestOptions,
  SYSTEM,
} from '../../src/index.js';
import type { DriverTarget } from '../driver/target.js';
import type { Outage, StoreTarget } from './store-target.js';
import { type Word, type Words, wordsOf } from './words.js';

export interface Instance {
  readonly bus: Bus;
  readonly driver: Driver;
  readonly store: MessageStore;
  close(deadlineMs?: number): Promise<void>;
}

export interface InstanceOptions {
  /** Most requests that wait for a reply at once. Default 10,000. */
  readonly maxWaiting?: number;
  /** Parked messages at which a subscription pauses. Default: that of the store. */
  readonly parkedLimit?: number;
}

export interface Collected extends Word {
  readonly type: string;
  readonly traceId: string | undefined;
  readonly actor: string | null;
}

/** What one case works with: contracts that no other case uses, and instances that are closed after it. */
export class World {
  readonly id = randomBytes(4).toString('hex');
  readonly words: Words = wordsOf(this.id);
  readonly logged: string[] = [];
  readonly #instances = new Set<Instance>();

  constructor(
    readonly target: DriverTarget,
    private readonly stores: StoreTarget,
    readonly patienceMs: number,
  ) {}

  /** Of the stores' database. */
  get database(): Outage {
    if (!this.stores.database) throw new Error('these stores have no database: excuse them from this case');
    return this.stores.database;
  }

  /** A bus with a driver and a store of its own, like that of a new process. */
  async start({ maxWaiting = 10_000, parkedLimit }: InstanceOptions = {}): Promise<Instance> {
    const driver = this.target.driver();
    const log = (_level: string, message: string) => void this.logged.push(message);
    const bus = new Bus({ driver, topology: this.words.topology, maxWaiting, log });
    const opened = await this.stores.open(driver, parkedLimit);
    await bus.start();
    await opened.start();
    const instance: Instance = {
      ...{ bus, driver, store: opened.store },
      close: async (deadlineMs) => {
        this.#instances.delete(instance);
        await bus.stopConsuming(deadlineMs);
        await opened.stop();
        await bus.close(deadlineMs);
      },
    };
    this.#instances.add(instance);
    return instance;
  }

  /** What reaches the event topic, in order, by a group without a store. */
  async collect(): Promise<Collected[]> {
    const collected: Collected[] = [];
    const { bus, driver } = await this.start();
    const { Said, Heard, collector } = this.words;
    const collect = onEvents([Said, Heard], (events) => {
      for (const event of events) {
        const traceId = trace.getSpanContext(contextOf(event))?.traceId;
        collected.push({ ...event.payload, type: event.type, traceId, actor: event.actor });
      }
    });
    await bus.serve(collector, [collect], direct(driver));
    return collected;
  }

  options(changes: Partial<RequestOptions> = {}): RequestOptions {
    return {
      id: randomUUID(),
      identity: SYSTEM,
      waitMs: this.patienceMs,
      firstSentAt: new Date(),
      deadline: new Date(Date.now() + 60_000),
      ...changes,
    };
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + this.patienceMs;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`not within ${this.patienceMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.close(3_000)));
  }
}

export const word = (speaker: string, text: string): Word => ({ speaker, text });
