import { Socket } from 'node:net';
import { nextTick } from 'node:process';

/**
 * Sends in one piece what is written in one turn: each piece is a system call, and wakes the server. For the `stream`
 * setting of `pg`, which corks for each statement, and writes on its own what has no values. TLS passes it by.
 */
export class GatheringSocket extends Socket {
  #gathering = false;

  constructor() {
    super();
    const write = this.write.bind(this) as (...args: unknown[]) => boolean;
    this.write = (...args: unknown[]) => {
      this.cork();
      return write(...args);
    };
  }

  override cork(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    super.cork();
    nextTick(() => {
      this.#gathering = false;
      super.uncork();
    });
  }

  override uncork(): void {
    // It is, at the end of the turn.
  }
}
