import { type OutboxLog, reasonOf } from '../log.js';
import type { SqlExecutor } from '../sql/executor.js';

export const CHANNEL = 'taskwire_outbox';
export type Notice = 'rows' | 'lease';

/** Wakes the relay of another instance. One NOTIFY at a time, in its own statement: a NOTIFY in a transaction makes all commits queue. */
export class Notifier {
  #running = false;
  #again = false;

  constructor(
    private readonly executor: SqlExecutor,
    private readonly log: OutboxLog,
  ) {}

  /** Never fails: the other relay polls as well. */
  rows(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    void this.send('rows').finally(() => {
      this.#running = false;
      if (!this.#again) return;
      this.#again = false;
      this.rows();
    });
  }

  async send(notice: Notice): Promise<void> {
    try {
      await this.executor.execute(`notify ${CHANNEL}, '${notice}'`);
    } catch (error) {
      this.log.warn('another relay could not be woken; it polls', reasonOf(error));
    }
  }
}
