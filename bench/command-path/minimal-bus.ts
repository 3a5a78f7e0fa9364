/** What peer (b) needs of a broker. */
export interface FrontBus {
  /** Resolves with the reply, once the command is confirmed too. */
  request(id: string, owner: string, body: Buffer): Promise<Buffer>;
}

export interface Command {
  readonly body: Buffer;
  readonly partition: number;
  /** The broker's own, for `settle`. */
  readonly source: unknown;
  readonly correlationId: string;
  readonly replyTo: string;
}

export interface Done {
  readonly command: Command;
  readonly reply: Buffer;
  readonly event: { readonly id: string; readonly owner: string; readonly body: Buffer };
}

export interface ServiceBus {
  /** Takes the commands that wait, at most 200 at a time, each batch when the one before is stored. */
  consume(handle: (commands: readonly Command[]) => Promise<readonly Done[]>): Promise<void>;
  /** Sends replies and events. Resolves when the broker has the events, in the order of the calls. */
  send(done: readonly Done[]): Promise<void>;
  /** Acknowledges the commands, which are the oldest that are not yet. */
  settle(done: readonly Done[]): void;
}

const MOST = 200;

/** Collects what comes in and hands it over in batches, one after the other. */
export function batches<T>(handle: (items: T[]) => Promise<void>): (item: T) => void {
  const waiting: T[] = [];
  let running = false;
  const run = async () => {
    // What else arrives in this turn of the event loop shares the batch.
    await new Promise(setImmediate);
    while (waiting.length > 0) await handle(waiting.splice(0, MOST));
    running = false;
  };
  return (item) => {
    waiting.push(item);
    if (running) return;
    running = true;
    run().catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  };
}
