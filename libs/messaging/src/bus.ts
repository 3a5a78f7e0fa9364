import type { Listening, Requester, RequestOptions, RequestResult } from './bus.types.js';
import type { CommandContract, EventContract, PayloadOf, ReplyOf } from './contract/message.js';
import type { BroadcastSubscription, GroupSubscription } from './contract/subscription.js';
import { DEFAULT_PARTITIONS, type Topology } from './contract/topology.js';
import type { Driver, DriverHealth, GroupLag } from './driver.js';
import { encodeEvent, type EncodeOptions } from './envelope/encode.js';
import { type Identity, SYSTEM } from './envelope.js';
import { demandHealthy, differenceFinding, type Finding } from './finding.js';
import { type BroadcastHandlers, Listener } from './listener.js';
import { describe, type Log, logToConsole } from './log.js';
import type { Handler } from './registry/handler.js';
import { checkNames } from './registry/registry.js';
import { request } from './requests/request.js';
import { inSendSpan, sendOne } from './requests/send.js';
import { Waiters } from './requests/waiters.js';
import type { MessageStore } from './store.js';
import { type ServeOptions, Subscriber } from './subscriber.js';
import { type Instruments, instruments } from './telemetry.js';

const CLOSE_DEADLINE_MS = 10_000;

export interface BusOptions {
  readonly driver: Driver;
  /** Everything that has to exist before the first message; from `topologyOf(contracts, subscriptions)`. */
  readonly topology: Topology;
  /** CloudEvents `source` of what this process sends, for example `/taskwire/gateway`. Default: `/` and the topic. */
  readonly source?: string;
  /** Most requests that wait for a reply at once; one more is refused as `not-stored`. Default 10,000. */
  readonly maxWaiting?: number;
  /** Default: one JSON line to standard error. */
  readonly log?: Log;
}

export interface BusHealth extends DriverHealth {
  /** Subscriptions that their breaker has paused. */
  readonly paused: readonly string[];
}

/**
 * One process's end of the message bus: sends, serves and listens over one driver.
 *
 * ```ts
 * const bus = new Bus({ driver: new MemoryDriver(), topology: topologyOf(contracts, subscriptions) });
 * await bus.start();
 * await bus.serve(taskCommands, [onCommand(CreateTask, async (command, { tx }) => ...)], store);
 * const result = await bus.request(CreateTask, payload, { id, identity });
 * ```
 */
export class Bus implements Requester {
  readonly driver: Driver;
  readonly #options: BusOptions;
  readonly #log: Log;
  readonly #instruments: Instruments;
  readonly #waiters: Waiters;
  readonly #encoding: EncodeOptions;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #listeners = new Set<Listener>();
  /** A start that failed may be tried again, and drivers take one listener. */
  #hearsReplies = false;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: BusOptions) {
    checkNames(options.topology.groups.map((group) => group.name));
    this.driver = options.driver;
    this.#options = options;
    this.#log = options.log ?? logToConsole;
    this.#instruments = instruments();
    const partitions = new Map(options.topology.topics.map((topic) => [topic.name, topic.partitions]));
    this.#encoding = {
      ...(options.source !== undefined && { source: options.source }),
      partitions: (topic) => partitions.get(topic) ?? DEFAULT_PARTITIONS,
    };
    this.#waiters = new Waiters(
      options.maxWaiting ?? 10_000,
      () => this.#instruments.lateReplies({}),
      (error) => {
        this.#instruments.unreadReplies({});
        this.#log('error', 'a reply could not be read', describe(error));
      },
    );
  }

  /**
   * Connects and makes what is missing of the topology. Idempotent. Rejects when the broker can't be reached, and with a
   * StartRefused when its settings break a promise; what only weakens one goes to the log.
   */
  start(): Promise<void> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  request<C extends CommandContract>(
    contract: C,
    payload: PayloadOf<C>,
    options: RequestOptions = {},
  ): Promise<RequestResult<ReplyOf<C>>> {
    return request(this.driver, this.#waiters, contract, payload, options, this.#encoding);
  }

  publish<C extends EventContract>(
    contract: C,
    payload: PayloadOf<C>,
    identity: Identity = SYSTEM,
  ): Promise<void> {
    return inSendSpan(this.driver.name, contract, {}, (sending) =>
      sendOne(this.driver, encodeEvent(contract, payload, { identity, context: sending }, this.#encoding)),
    );
  }

  /**
   * Joins a consumer group and handles its messages once, in the store's transactions. Rejects with a TypeError when the
   * handlers are not exactly those that the subscription declares, or when it is served already.
   */
  async serve(
    subscription: GroupSubscription,
    handlers: readonly Handler[],
    store: MessageStore,
    options: ServeOptions = {},
  ): Promise<void> {
    checkNames([...this.#subscribers.keys(), subscription.name]);
    const parts = { instruments: this.#instruments, log: this.#log };
    const subscriber = new Subscriber(this.driver, subscription, handlers, store, options, parts);
    this.#subscribers.set(subscription.name, subscriber);
    try {
      await this.start();
      demandHealthy(await subscriber.check(), (text) => this.#log('warn', text, {}));
      await subscriber.start();
    } catch (error) {
      this.#subscribers.delete(subscription.name);
      throw error;
    }
  }

  /**
   * Hears each message of a broadcast at most once, until what it answers is closed; `resync` runs after each connect,
   * because some may be missed.
   */
  async listen(subscription: BroadcastSubscription, handlers: BroadcastHandlers): Promise<Listening> {
    const listener = new Listener(this.driver, subscription, handlers, this.#log);
    this.#listeners.add(listener);
    const close = async (deadlineMs = CLOSE_DEADLINE_MS) => {
      this.#listeners.delete(listener);
      await listener.close(deadlineMs);
    };
    try {
      await this.start();
      await listener.start();
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
    return { close };
  }

  /** The partitions that this instance holds of a group, by topic. */
  partitionsOf(group: string): ReadonlyMap<string, readonly number[]> {
    return this.#subscribers.get(group)?.partitions() ?? new Map();
  }

  /**
   * Parked messages of a group became due, as after a replay: looks for them soon, not only when it would anyway. Does
   * nothing where the group isn't served.
   */
  drainSoon(group: string): void {
    this.#subscribers.get(group)?.drainSoon();
  }

  async health(): Promise<BusHealth> {
    const paused = [...this.#subscribers.values()].filter((s) => s.paused).map((s) => s.subscription.name);
    return { ...(await this.driver.health()), paused };
  }

  /** What is wrong with the broker now: its settings and clock, where it isn't as the topology says, or as a served store needs. */
  async check(): Promise<readonly Finding[]> {
    const { driver, topology } = this.#options;
    const [differences, findings, ...ofStores] = await Promise.all([
      driver.plan(topology),
      driver.check(topology),
      ...[...this.#subscribers.values()].map((subscriber) => subscriber.check()),
    ]);
    return [...differences.map(differenceFinding), ...findings, ...ofStores.flat()];
  }

  lag(): Promise<readonly GroupLag[]> {
    return this.driver.lag();
  }

  /** Leaves all groups and broadcasts: stops fetching, finishes and acknowledges what runs. Requests still work. */
  async stopConsuming(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    const consumers = [...this.#subscribers.values(), ...this.#listeners];
    const results = await Promise.allSettled(consumers.map((consumer) => consumer.close(deadlineMs)));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      this.#log('warn', 'a consumer did not close cleanly', describe(result.reason));
    }
  }

  /** Closes in order, within the deadline: consumers, then who waits for a reply, then the driver. Idempotent. */
  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  async #start(): Promise<void> {
    const { driver, topology } = this.#options;
    const old = topology.groups.filter((group) => group.from === 'earliest').map((group) => group.name);
    if (old.length > 0 && !driver.keepsMessages) {
      throw new TypeError(
        `${old.join(', ')}: the driver "${driver.name}" keeps no old messages, use from: 'now'`,
      );
    }
    if (!this.#hearsReplies) {
      this.#hearsReplies = true;
      driver.onReply(
        (correlationId, headers, body) => this.#waiters.receive(correlationId, headers, body),
        () => this.#waiters.giveUpAll(),
      );
    }
    await driver.connect();
    demandHealthy(await driver.check(topology), (text) => this.#log('warn', text, {}));
    await driver.declare(topology);
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    await this.stopConsuming(deadlineMs);
    this.#waiters.giveUpAll();
    await this.driver.close(Math.max(0, end - performance.now()));
  }
}
