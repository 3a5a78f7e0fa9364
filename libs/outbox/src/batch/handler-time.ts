import { withinLimit } from '../time-limit.js';

/** A handler took too long. Its transaction is rolled back; what it still does with it fails. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
}

/** Rejects with a HandlerTimeout when `work` has not ended within `ms`. */
export function withinHandlerTime<T>(ms: number, work: Promise<T>): Promise<T> {
  const text = `handlers did not end within ${ms} ms: move slow work out of the transaction`;
  return withinLimit(ms, work, () => new HandlerTimeout(text));
}
