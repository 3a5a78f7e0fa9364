import type { GroupSubscription } from './contract/subscription.js';
import { topicsOf } from './contract/subscription.js';
import type { Consumer, ConsumerOptions, Driver } from './driver.js';
import { withinMs } from './delivery/within.js';
import type { Log } from './log.js';
import { Breaker, type BreakerOptions } from './pipeline/breaker.js';
import { Drainer, type DrainOptions } from './pipeline/drainer.js';
import { Pipeline } from './pipeline/pipeline.js';
import type { Handler } from './registry/handler.js';
import type { Finding } from './finding.js';
import { registryOf } from './registry/registry.js';
import type { MessageStore } from './store.js';
import type { Instruments } from './telemetry.js';
import { windowFindings } from './window-findings.js';

export interface ServeOptions extends ConsumerOptions {
  readonly breaker?: BreakerOptions;
  readonly drain?: DrainOptions;
}

/** One group subscription of this instance: its consumer, its pipeline, its drain timer. */
export class Subscriber {
  readonly #pipeline: Pipeline;
  readonly #breaker: Breaker;
  readonly #drainer: Drainer;
  #consumer: Consumer | undefined;
  #paused = false;

  constructor(
    private readonly driver: Driver,
    readonly subscription: GroupSubscription,
    handlers: readonly Handler[],
    private readonly store: MessageStore,
    private readonly options: ServeOptions,
    parts: { instruments: Instruments; log: Log },
  ) {
    const { name } = subscription;
    const gate = { pause: () => this.#setPaused(true), resume: () => this.#setPaused(false) };
    this.#breaker = new Breaker(
      gate,
      (reason, pauseMs) => {
        parts.instruments.breaker({ reason, subscription: name });
        parts.log('error', 'a subscription was paused', { subscription: name, reason, pauseMs });
      },
      options.breaker,
    );
    this.#pipeline = new Pipeline({
      ...{ driver, subscription, store, breaker: this.#breaker },
      ...{ instruments: parts.instruments, log: parts.log },
      registry: registryOf(subscription, handlers),
      onParked: () => this.#drainer.alert(),
    });
    this.#drainer = new Drainer(this.#pipeline.drain, options.drain);
  }

  /** Paused by its breaker. */
  get paused(): boolean {
    return this.#paused;
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    return this.#consumer?.partitions() ?? new Map();
  }

  drainSoon(): void {
    this.#drainer.alert();
  }

  /** What in its store and its topics doesn't go together. */
  async check(): Promise<Finding[]> {
    const retention = await this.driver.retention(topicsOf(this.subscription));
    return windowFindings(this.subscription.name, this.store.windowMs, retention);
  }

  async start(): Promise<void> {
    const { batchSize, concurrency } = this.options;
    const limits = {
      lingerMs: this.subscription.lingerMs,
      ...(batchSize !== undefined && { batchSize }),
      ...(concurrency !== undefined && { concurrency }),
    };
    const topics = topicsOf(this.subscription);
    this.#consumer = await this.driver.subscribe(
      this.subscription.name,
      topics,
      this.#pipeline.deliver,
      limits,
    );
    if (this.#paused) this.#consumer.pause();
    this.#drainer.start();
  }

  /** Stops fetching, finishes and acknowledges what runs, within the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.#breaker.close();
    await Promise.all([this.#consumer?.close(deadlineMs), withinMs(this.#drainer.stop(), deadlineMs)]);
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#consumer?.pause();
    else this.#consumer?.resume();
  }
}
