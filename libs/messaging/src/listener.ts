import { setTimeout as delay } from 'node:timers/promises';
import { type BroadcastSubscription, topicsOf } from './contract/subscription.js';
import type { EventContract } from './contract/message.js';
import type { Consumer, Driver, IncomingMessage } from './driver.js';
import { decode, type Receiver } from './envelope/decode.js';
import { contextOf } from './envelope/origin.js';
import { ATTRIBUTE } from './envelope.js';
import { describe, type Log } from './log.js';
import type { ReceivedMessage } from './store.js';
import { context } from '@opentelemetry/api';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

export interface BroadcastHandlers {
  /** Each message, at most once, in no order that may be relied on. */
  receive(event: ReceivedMessage): Promise<void> | void;
  /** Reads the truth again: runs after each connect and after each gap, never twice at once, again until it succeeds. */
  resync(): Promise<void> | void;
}

/** One broadcast subscription of this instance. */
export class Listener {
  readonly #contracts: ReadonlyMap<string, EventContract>;
  readonly #receiver: Receiver;
  readonly #closing = new AbortController();
  #consumer: Consumer | undefined;
  #resyncing: Promise<void> | undefined;
  #again = false;

  constructor(
    private readonly driver: Driver,
    private readonly subscription: BroadcastSubscription,
    private readonly handlers: BroadcastHandlers,
    private readonly log: Log,
  ) {
    this.#contracts = new Map(subscription.events.map((contract) => [contract.type, contract]));
    this.#receiver = {
      contractOf: (type) => this.#contracts.get(type),
      carriesCommands: () => false,
      ordered: false,
    };
  }

  async start(): Promise<void> {
    this.#consumer = await this.driver.broadcast(
      topicsOf(this.subscription),
      (message) => void this.#receive(message),
      () => this.#resync(),
    );
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    await this.#consumer?.close(deadlineMs);
  }

  async #receive(message: IncomingMessage): Promise<void> {
    if (!this.#contracts.has(message.headers[ATTRIBUTE.type] ?? '')) return;
    const { message: event, fault } = decode(message.headers, message.body, this.#receiver, message);
    const about = { subscription: this.subscription.name, type: event.type, id: event.id };
    if (fault) return this.log('warn', 'a broadcast message can not be handled', { ...about, ...fault });
    try {
      await context.with(contextOf(event), async () => this.handlers.receive(event));
    } catch (error) {
      this.log('warn', 'a broadcast handler failed', { ...about, ...describe(error) });
    }
  }

  #resync(): void {
    if (this.#resyncing) this.#again = true;
    else this.#resyncing = this.#resyncUntilDone();
  }

  async #resyncUntilDone(): Promise<void> {
    let pause = FIRST_RETRY_MS;
    while (!this.#closing.signal.aborted) {
      this.#again = false;
      try {
        await this.handlers.resync();
        pause = FIRST_RETRY_MS;
        if (!this.#again) break;
      } catch (error) {
        this.log('warn', 'a resync failed', { subscription: this.subscription.name, ...describe(error) });
        await delay(pause, undefined, { signal: this.#closing.signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_RETRY_MS);
      }
    }
    this.#resyncing = undefined;
  }
}
