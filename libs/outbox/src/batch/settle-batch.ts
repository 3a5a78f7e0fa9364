import { setTimeout as delay } from 'node:timers/promises';
import { type Delivery, InfrastructureError, type Outcome, type Run } from '@taskwire/messaging';
import { EndedMeanwhile } from '../inbox/endings.js';
import { isInfrastructure, isRunAgain } from '../sql/faults.js';
import { KnownFault, RejectedAfterWrite } from './run-messages.js';
import { type Batch, type Mode, runTransaction, type StoreParts } from './transaction.js';
import { processGate } from './process-gate.js';
import { MarksLeft } from './suspects.js';
import { SuspectsFound } from './triage.js';

/** More savepoints that write in one transaction overflow the server's cache of subtransactions. */
const MOST_SAVEPOINTS = 64;
const MOST_REPEATS = 5;
const LONGEST_PAUSE_MS = 50;

type Outcomes = Map<Delivery, Outcome>;

/**
 * Settles a batch: together if it can, with a savepoint per message after a fault or a refusal, one by one after what a
 * savepoint can't undo. Answers an outcome per delivery; rejects with what is a fault of the place.
 */
export class BatchSettler {
  readonly #outcomes: Outcomes = new Map();

  constructor(
    private readonly parts: StoreParts,
    private readonly batch: Batch,
  ) {}

  async settle(deliveries: readonly Delivery[]): Promise<Outcomes> {
    try {
      await this.#together(deliveries);
    } catch (error) {
      await this.#unmark(deliveries);
      throw error;
    }
    return this.#outcomes;
  }

  async #together(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const error = await this.#attempt(deliveries, 'together');
    if (error === undefined) return;
    const [only] = deliveries;
    if (error instanceof SuspectsFound) await this.#around(deliveries, error.suspects);
    else if (error instanceof RejectedAfterWrite) await this.#careful(deliveries);
    else if (only && deliveries.length === 1) await this.#failed(only, error);
    else if (isTransient(error)) await this.#oneByOne(deliveries);
    else await this.#careful(deliveries);
  }

  /** Suspects in quarantine, in their place; whatever stands between them together. */
  async #around(deliveries: readonly Delivery[], suspects: ReadonlySet<Delivery>): Promise<void> {
    let between: Delivery[] = [];
    for (const delivery of deliveries) {
      if (!suspects.has(delivery)) {
        between.push(delivery);
        continue;
      }
      await this.#together(between);
      between = [];
      await this.#quarantined(delivery);
    }
    await this.#together(between);
  }

  async #careful(deliveries: readonly Delivery[]): Promise<void> {
    for (let from = 0; from < deliveries.length; from += MOST_SAVEPOINTS) {
      const some = deliveries.slice(from, from + MOST_SAVEPOINTS);
      const error = await this.#attempt(some, 'singly');
      const [only] = some;
      if (error === undefined) continue;
      if (only && some.length === 1) await this.#failed(only, error);
      else await this.#oneByOne(some);
    }
  }

  async #oneByOne(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) await this.#alone(delivery);
  }

  async #alone(delivery: Delivery): Promise<void> {
    const error = await this.#attempt([delivery], 'singly');
    if (error instanceof SuspectsFound) await this.#quarantined(delivery);
    else if (error !== undefined) await this.#failed(delivery, error);
  }

  async #quarantined(delivery: Delivery): Promise<void> {
    const error = await processGate.alone(() => this.#attempt([delivery], 'quarantined'));
    if (error !== undefined) await this.#failed(delivery, error);
  }

  /** A single message whose transaction failed: its fault is settled in a transaction of its own, where no handler runs. */
  async #failed(delivery: Delivery, error: unknown): Promise<void> {
    if (isTransient(error)) throw keptColliding(error);
    const rethrow: Run = () => Promise.reject(new KnownFault(error));
    const failed = new BatchSettler(this.parts, { ...this.batch, run: rethrow });
    const again = await failed.#attempt([delivery], 'known');
    if (again !== undefined) throw asError(again);
    for (const [of, outcome] of failed.#outcomes) this.#outcomes.set(of, outcome);
  }

  /** Runs again after what the same work survives, a few times. Answers the fault that is left; throws faults of the place. */
  async #attempt(deliveries: readonly Delivery[], mode: Mode): Promise<unknown> {
    for (let repeat = 0; ; repeat += 1) {
      try {
        const run = () => runTransaction(this.parts, this.batch, deliveries, mode);
        const outcomes = await (mode === 'quarantined' || mode === 'known' ? run() : processGate.beside(run));
        for (const [delivery, outcome] of outcomes) this.#outcomes.set(delivery, outcome);
        return undefined;
      } catch (error) {
        if (isInfrastructure(error)) throw error;
        if (error instanceof MarksLeft) await this.#blame(error, deliveries);
        if (!isTransient(error) || repeat === MOST_REPEATS)
          return error ?? new Error('a handler threw undefined');
        await delay(Math.random() * LONGEST_PAUSE_MS);
      }
    }
  }

  #blame(left: MarksLeft, deliveries: readonly Delivery[]): Promise<void> {
    const places = deliveries.map((d) => d.message);
    return this.batch.marks.blame(this.parts.executor, left, places);
  }

  /** So that the next owner of the partition suspects nothing. It does, once, when the database is away. */
  async #unmark(deliveries: readonly Delivery[]): Promise<void> {
    await this.batch.marks
      .unmark(
        this.parts.executor,
        deliveries.map((d) => d.message),
      )
      .catch(() => undefined);
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof EndedMeanwhile || error instanceof MarksLeft || isRunAgain(error);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function keptColliding(error: unknown): InfrastructureError {
  const text = `a message kept colliding with other transactions: ${asError(error).message}`;
  return new InfrastructureError(text, { cause: error });
}
