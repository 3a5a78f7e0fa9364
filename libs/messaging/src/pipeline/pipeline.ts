import { setTimeout as delay } from 'node:timers/promises';
import type { GroupSubscription } from '../contract/subscription.js';
import type { Driver, IncomingMessage } from '../driver.js';
import { decode, type Receiver } from '../envelope/decode.js';
import { ATTRIBUTE } from '../envelope.js';
import { describe, type Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import {
  type Delivery,
  type GroupSettings,
  InfrastructureError,
  type MessageStore,
  type Outcome,
  type Run,
} from '../store.js';
import { type Instruments, SPAN } from '../telemetry.js';
import { BatchTrace } from './batch-trace.js';
import type { Breaker } from './breaker.js';
import { answer } from './replies.js';
import { runOf } from './run.js';

/** Pauses before the second and the third quick attempt. */
const PAUSES_MS = [50, 200] as const;
/** How many messages are risked while the breaker probes. */
const PROBE = 10;

export interface PipelineParts {
  readonly driver: Pick<Driver, 'name' | 'reply'>;
  readonly subscription: GroupSubscription;
  readonly registry: Registry;
  readonly store: MessageStore;
  readonly breaker: Breaker;
  readonly instruments: Instruments;
  readonly log: Log;
  /** A message was parked: parked ones may fall due from now on. */
  readonly onParked: () => void;
}

type Settled = Exclude<Outcome, { kind: 'again' }>;

/** The subscription is paused by its breaker: nothing more of the batch was settled. */
export class SubscriptionPaused extends Error {
  override readonly name = 'SubscriptionPaused';
}

/**
 * What happens to messages between the driver and their handlers, outermost first:
 * trace -> park -> decode -> validate -> retry -> transaction -> handler.
 * Parking and the transaction are the store's; decode and validate make a fault of what can't be handled, which the store
 * settles. Resolving acknowledges the batch; rejecting gives it back whole.
 */
export class Pipeline {
  readonly #group: GroupSettings;
  readonly #run: Run;
  readonly #receiver: Receiver;

  constructor(private readonly parts: PipelineParts) {
    const { subscription, registry } = parts;
    this.#group = { subscriber: subscription.name, afterDead: subscription.afterDead };
    this.#run = runOf(registry);
    this.#receiver = { ...registry, ordered: subscription.order === 'key' };
  }

  readonly deliver = async (messages: readonly IncomingMessage[]): Promise<void> => {
    const started = performance.now();
    const deliveries = messages
      .filter((message) => this.#isHandled(message))
      .map((message) => decode(message.headers, message.body, this.#receiver, message));
    if (deliveries.length === 0) return;
    const trace = new BatchTrace(this.parts.driver.name, this.#group.subscriber, deliveries);
    try {
      for (const portion of this.#portions(deliveries)) {
        if (this.parts.breaker.open) throw new SubscriptionPaused(`${this.#group.subscriber} is paused`);
        await trace.within(() => this.#settle(portion, trace));
      }
      trace.end();
    } catch (error) {
      trace.end(error);
      this.#givenBack(error, deliveries.length);
      throw error;
    } finally {
      this.parts.instruments.duration((performance.now() - started) / 1_000, this.#labels());
    }
  };

  /** Runs what was parked and is due; answers how many were settled. */
  readonly drain = async (): Promise<number> => {
    if (this.parts.breaker.open) return 0;
    const parsed = new Map<unknown, Delivery>();
    const parse = (...[headers, body]: Parameters<Parameters<MessageStore['drain']>[2]>) => {
      const delivery = decode(headers, body, this.#receiver);
      parsed.set(delivery.message, delivery);
      return delivery;
    };
    const run: Run = async (messages, context) => {
      const deliveries = messages.flatMap((message) => parsed.get(message) ?? []);
      const trace = new BatchTrace(this.parts.driver.name, this.#group.subscriber, deliveries, true);
      try {
        const results = await trace.within(() => this.#run(messages, context));
        trace.end();
        return results;
      } catch (error) {
        trace.end(error);
        throw error;
      }
    };
    if (this.#run.locks) run.locks = this.#run.locks;
    try {
      return await this.parts.store.drain(this.#group, run, parse);
    } catch (error) {
      this.#givenBack(error, 0);
      return 0;
    }
  };

  /** Decided by a header, before anything is decoded. Commands are never skipped: somebody waits for the answer. */
  #isHandled({ headers, topic }: IncomingMessage): boolean {
    const type = headers[ATTRIBUTE.type];
    const { registry, instruments } = this.parts;
    if (type === undefined || registry.contractOf(type) || registry.carriesCommands(topic)) return true;
    instruments.unhandled({ ...this.#labels(), [SPAN.messageType]: type });
    return false;
  }

  #portions(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
    if (!this.parts.breaker.probing || deliveries.length <= PROBE) return [deliveries];
    return [deliveries.slice(0, PROBE), deliveries.slice(PROBE)];
  }

  /** Quick attempts: what failed, and what the store held back behind it, runs again until it is settled. */
  async #settle(deliveries: readonly Delivery[], trace: BatchTrace): Promise<void> {
    const { breaker, store, instruments } = this.parts;
    const risked = breaker.probing;
    const attempts = new Map<Delivery, number>();
    const attemptsOf = (delivery: Delivery) => attempts.get(delivery) ?? 0;
    let waiting = deliveries;
    while (waiting.length > 0) {
      const exhausted = waiting.filter((delivery) => attemptsOf(delivery) === PAUSES_MS.length);
      const last = exhausted.length > 0;
      const batch = last ? exhausted : waiting;
      const outcomes = await store.process(this.#group, batch, this.#run, last);
      const again = await this.#conclude(batch, outcomes, trace);
      const failed = again.filter(({ error }) => error !== undefined);
      if (again.length > 0 && (last || (failed.length === 0 && again.length === batch.length))) {
        throw new Error(`${this.#group.subscriber}: the store left ${again.length} messages unsettled`);
      }
      for (const { delivery } of failed) attempts.set(delivery, attemptsOf(delivery) + 1);
      const settled = new Set(batch);
      for (const { delivery } of again) settled.delete(delivery);
      waiting = waiting.filter((delivery) => !settled.has(delivery));
      if (waiting.length === 0) return;
      if (breaker.open && !risked) throw new SubscriptionPaused(`${this.#group.subscriber} is paused`);
      if (failed.length > 0) {
        instruments.retried(this.#labels(), failed.length);
        await delay(PAUSES_MS[Math.max(...waiting.map(attemptsOf)) - 1] ?? PAUSES_MS[0]);
      }
    }
  }

  /** Answers and counts what was settled; hands back what is to run again. */
  async #conclude(
    batch: readonly Delivery[],
    outcomes: readonly Outcome[],
    trace: BatchTrace,
  ): Promise<{ delivery: Delivery; error: unknown }[]> {
    const again: { delivery: Delivery; error: unknown }[] = [];
    const replies: Promise<void>[] = [];
    for (const [index, delivery] of batch.entries()) {
      const outcome = outcomes[index];
      if (!outcome) throw new Error(`${this.#group.subscriber}: the store answered too few outcomes`);
      if (outcome.kind === 'again') {
        again.push({ delivery, error: outcome.error });
        this.#failed(delivery, outcome.error, trace);
      } else {
        replies.push(answer(this.parts.driver, delivery, outcome, this.parts));
        this.#settled(delivery, outcome, trace);
      }
    }
    await Promise.all(replies);
    return again;
  }

  #failed(delivery: Delivery, error: unknown, trace: BatchTrace): void {
    if (error === undefined) return;
    const { id, type, key } = delivery.message;
    trace.failed(delivery, error);
    this.parts.breaker.faulted(key ?? id);
    this.parts.log('warn', 'a handler failed', { ...this.#place(), type, id, ...describe(error) });
  }

  #settled(delivery: Delivery, outcome: Settled, trace: BatchTrace): void {
    const { breaker, instruments, onParked, log } = this.parts;
    const { id, type } = delivery.message;
    const name = outcome.kind === 'ended' ? outcome.ending : outcome.kind;
    trace.settled(delivery, outcome);
    instruments.settled({ ...this.#labels(), [SPAN.outcome]: name, [SPAN.messageType]: type });
    if (outcome.kind === 'parked') onParked();
    if (outcome.kind === 'ended' && outcome.repeated) instruments.duplicates(this.#labels());
    else if (name === 'done' || (name === 'rejected' && !delivery.fault)) breaker.succeeded();
    if (delivery.fault)
      log('error', 'a message can not be handled', { ...this.#place(), type, id, ...delivery.fault });
    else if (name === 'failed')
      log('error', 'a message failed', { ...this.#place(), type, id, traceId: delivery.traceId });
  }

  #givenBack(error: unknown, messages: number): void {
    if (error instanceof SubscriptionPaused) return;
    if (error instanceof InfrastructureError) this.parts.instruments.infrastructure(this.#labels());
    this.parts.breaker.infrastructureFailed();
    this.parts.log('error', 'a batch was given back', { ...this.#place(), messages, ...describe(error) });
  }

  #place() {
    return { subscription: this.#group.subscriber };
  }

  #labels() {
    return { [SPAN.group]: this.#group.subscriber };
  }
}
