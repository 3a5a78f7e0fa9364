import { types } from 'node:util';

const EVERY_MS = 60_000;

/** One warning for an outage, however many parts of the driver notice it. */
export class Outage {
  #warnedAt = -Infinity;
  #isOver = true;

  constructor(private readonly warn: (text: string) => void) {}

  began(error: unknown): void {
    if (!this.#isOver || performance.now() - this.#warnedAt < EVERY_MS) return;
    this.#isOver = false;
    this.#warnedAt = performance.now();
    this.warn(`kafka bus: the broker does not answer, trying again until it does: ${messageOf(error)}`);
  }

  ended(): void {
    this.#isOver = true;
  }
}

/** The innermost causes, which say more than what clients wrap around them. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors.at(-1));
  if (!types.isNativeError(error)) return String(error);
  return types.isNativeError(error.cause) ? `${error.message} (${messageOf(error.cause)})` : error.message;
}
