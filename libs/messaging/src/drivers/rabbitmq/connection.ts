import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { ConnectError } from '../../connect-error.js';
import { pauseBefore, RECONNECT_BACKOFF } from '../../delivery/backoff.js';
import { closed, messageOf, orFail } from './channel.js';
import type { Settings } from './settings.js';

const CONNECT_TIMEOUT_MS = 3_000;
const SET_UP_TIMEOUT_MS = 10_000;
/** For the last word to leave. */
const LINGER_MS = 1_000;

export interface LinkEvents {
  /** After each (re)connect, before anyone else gets the connection. */
  up(model: ChannelModel): Promise<void>;
  /** After each `up`, once: its connection is gone, or what `up` does could not be done. */
  lost(): void;
}

/** One connection, which comes back by itself until it is closed. */
export class Link {
  #model: ChannelModel | undefined;
  #opening: Promise<ChannelModel> | undefined;
  #closed = false;
  readonly #end = new AbortController();
  /** All that have not ended, those being set up or closed included. */
  readonly #alive = new Set<ChannelModel>();

  constructor(
    private readonly settings: Settings,
    private readonly name: string,
    private readonly events: LinkEvents,
  ) {}

  /** The open connection, if there is one. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** The open connection, or what the running attempt to open one brings. */
  async connection(): Promise<ChannelModel> {
    if (this.#closed) throw closedError();
    if (this.#model) return this.#model;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end.abort();
    await this.#opening?.catch(() => undefined);
    this.#letGo();
    await Promise.all([...this.#alive].map(closed));
  }

  /** Cuts the connection without a word, as a dying process does. */
  abort(): void {
    this.#closed = true;
    this.#end.abort();
    this.#letGo();
    for (const model of this.#alive) cut(model);
  }

  async #open(): Promise<ChannelModel> {
    const { url, tls, heartbeatSeconds } = this.settings;
    const address = new URL(url);
    address.searchParams.set('heartbeat', String(heartbeatSeconds));
    const model = await connect(address.href, {
      ...tls,
      noDelay: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: this.name },
    }).catch((error: unknown) => {
      throw ConnectError.of(error, messageOf(error).includes('ACCESS_REFUSED'));
    });
    const { promise: end, reject } = Promise.withResolvers<never>();
    this.#alive.add(model);
    // An `error` without a listener ends the process; `close` follows each of them.
    model.on('error', () => undefined);
    model.on('close', () => {
      this.#alive.delete(model);
      reject(new Error('rabbitmq bus: the connection was lost while it was set up'));
      this.#lost(model);
      // After missed heartbeats amqplib only ends its side, which a peer that is gone never answers.
      setTimeout(() => streamOf(model)?.destroy(), LINGER_MS).unref();
    });
    try {
      await orFail(Promise.race([end, this.events.up(model)]), SET_UP_TIMEOUT_MS, 'setting up a connection');
      if (this.#closed) throw closedError();
      // Its end may have come together with the last answer that `up` waited for.
      if (!this.#alive.has(model)) await end;
    } catch (error) {
      cut(model);
      this.events.lost();
      throw error;
    }
    this.#model = model;
    return model;
  }

  #letGo(): void {
    if (!this.#model) return;
    this.#model = undefined;
    this.events.lost();
  }

  #lost(model: ChannelModel): void {
    if (this.#model !== model) return;
    this.#letGo();
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    for (let attempt = 1; !this.#closed; attempt += 1) {
      try {
        await sleep(pauseBefore(attempt, RECONNECT_BACKOFF) * (0.5 + Math.random() / 2), undefined, {
          signal: this.#end.signal,
        });
        await this.connection();
        return;
      } catch (error) {
        if (!this.#closed) {
          this.settings.onWarning(`rabbitmq bus: no connection, trying again: ${messageOf(error)}`);
        }
      }
    }
  }
}

const closedError = (): Error => new Error('rabbitmq bus: the driver is closed');

function cut(model: ChannelModel): void {
  // Without an error, amqplib would hear of it by missing heartbeats only.
  streamOf(model)?.destroy(new Error('cut'));
}

const streamOf = (model: ChannelModel): Duplex | undefined =>
  (model.connection as unknown as { stream?: Duplex }).stream;
