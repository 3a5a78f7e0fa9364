import type { IncomingMessage } from '../driver.js';
import { decode, type Receiver } from '../envelope/decode.js';
import { ATTRIBUTE } from '../envelope.js';
import { describe } from '../log.js';
import { type Delivery, type GroupSettings, InfrastructureError, type Run } from '../store.js';
import { SPAN } from '../telemetry.js';
import { settle } from './attempts.js';
import { BatchTrace } from './batch-trace.js';
import { drain } from './drain.js';
import { type PipelineParts, SubscriptionPaused } from './parts.js';
import { runOf } from './run.js';

/** How many messages are risked at once while the breaker probes. */
const PROBE = 10;

/**
 * What happens to messages between the driver and their handlers, outermost first:
 * trace -> park -> decode -> validate -> retry -> transaction -> handler.
 *
 * Decoding and validating never throw: what is wrong with a message becomes its `fault`, which the store settles. Parking
 * and the transaction are the store's too. Resolving acknowledges the batch; rejecting gives back what is not settled.
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
      for (const portion of this.#portionsOf(deliveries)) {
        if (this.parts.breaker.open) throw new SubscriptionPaused(this.#group.subscriber);
        await trace.within(() => settle(this.parts, this.#group, this.#run, portion, trace));
      }
      trace.end();
    } catch (error) {
      trace.end(error);
      this.#givenBack(error, deliveries.length);
      throw error;
    } finally {
      this.parts.instruments.duration((performance.now() - started) / 1_000, this.#labels);
    }
  };

  /** Runs what was parked and is due; answers how many were settled, undefined when it could not look. Never rejects. */
  readonly drain = async (): Promise<number | undefined> => {
    if (this.parts.breaker.open) return undefined;
    try {
      return await drain(this.parts, this.#group, this.#run, this.#receiver);
    } catch (error) {
      this.#givenBack(error, 0);
      return undefined;
    }
  };

  /**
   * Decided by a header, before anything is decoded. An event of a type that this instance doesn't handle is passed over for
   * its group, also where a newer instance beside it would: a group's new type counts once all its instances have it.
   * Commands are never skipped: somebody waits for the answer.
   */
  #isHandled({ headers, topic }: IncomingMessage): boolean {
    const type = headers[ATTRIBUTE.type];
    const { registry, instruments } = this.parts;
    if (type === undefined || registry.contractOf(type) || registry.carriesCommands(topic)) return true;
    instruments.unhandled({ ...this.#labels, [SPAN.messageType]: type });
    return false;
  }

  #portionsOf(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
    if (!this.parts.breaker.probing || deliveries.length <= PROBE) return [deliveries];
    return [deliveries.slice(0, PROBE), deliveries.slice(PROBE)];
  }

  #givenBack(error: unknown, messages: number): void {
    if (error instanceof SubscriptionPaused) return;
    const { breaker, instruments, log } = this.parts;
    if (error instanceof InfrastructureError) instruments.infrastructure(this.#labels);
    log('error', 'a batch was given back', {
      ...{ subscription: this.#group.subscriber, messages },
      ...describe(error),
      ...(error instanceof Error && error.cause !== undefined && { cause: describe(error.cause) }),
    });
    breaker.infrastructureFailed();
  }

  get #labels() {
    return { [SPAN.group]: this.#group.subscriber };
  }
}
