import { SingleFlight } from '../../delivery/single-flight.js';
import type { Headers } from '../../driver.js';
import { decodeHeaders } from './codec.js';
import type { Link } from './connection.js';

type ReplyListener = (correlationId: string, headers: Headers, body: Buffer) => void;

interface ReplyRow {
  readonly correlation: string;
  readonly headers: string;
  readonly body: Buffer;
}

const TAKE = 'delete from bus.reply where address = $1 returning correlation, headers, body';

/** Replies that arrive for this instance. */
export class ReplyInbox {
  #listener: ReplyListener | undefined;
  #onLost: (() => void) | undefined;
  readonly #flight: SingleFlight;

  constructor(
    private readonly id: string,
    private readonly link: Link,
    onFault: (fault: unknown) => void,
  ) {
    this.#flight = new SingleFlight(async () => {
      const rows = await this.link.query<ReplyRow & { body: Buffer }>('take', TAKE, [this.id]);
      for (const row of rows) this.#listener?.(row.correlation, decodeHeaders(row.headers), row.body);
    }, onFault);
  }

  listen(listener: ReplyListener, onLost: () => void): void {
    if (this.#listener) throw new Error('postgres bus: replies have a listener already');
    this.#listener = listener;
    this.#onLost = onLost;
  }

  heard(payload: string): void {
    if (payload === '') {
      this.take();
      return;
    }
    for (const [correlation, headers, body] of JSON.parse(payload) as [string, string, string][]) {
      this.#listener?.(correlation, decodeHeaders(headers), Buffer.from(body, 'base64'));
    }
  }

  /** What came by table. */
  take(): void {
    if (this.#listener) this.#flight.poke();
  }

  /** What came inside a notification while nobody listened is gone. */
  lost(): void {
    this.#onLost?.();
    this.take();
  }
}
