import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { pauseBefore, RECONNECT_BACKOFF } from '../../delivery/backoff.js';
import type { Settings } from './settings.js';

const CONNECT_TIMEOUT_MS = 3_000;

export interface LinkEvents {
  /** After each (re)connect, before anyone else gets the connection. */
  up(model: ChannelModel): Promise<void>;
  lost(): void;
}

/** One connection, which comes back by itself until it is closed. */
export class Link {
  #model: ChannelModel | undefined;
  #opening: Promise<ChannelModel> | undefined;
  #closed = false;
  readonly #end = new AbortController();

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
    if (this.#closed) throw new Error('rabbitmq bus: the driver is closed');
    if (this.#model) return this.#model;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end.abort();
    const model = this.#model ?? (await this.#opening?.catch(() => undefined));
    this.#model = undefined;
    await model?.close().catch(() => undefined);
  }

  /** Cuts the connection without a word, as a dying process does. */
  abort(): void {
    this.#closed = true;
    this.#end.abort();
    cut(this.#model);
    this.#model = undefined;
  }

  async #open(): Promise<ChannelModel> {
    const { url, heartbeatSeconds } = this.settings;
    const address = new URL(url);
    if (!address.searchParams.has('heartbeat')) {
      address.searchParams.set('heartbeat', String(heartbeatSeconds));
    }
    const model = await connect(address.href, {
      noDelay: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: this.name },
    });
    // An `error` without a listener ends the process; `close` follows each of them.
    model.on('error', () => undefined);
    model.on('close', () => this.#lost(model));
    try {
      await this.events.up(model);
    } catch (error) {
      cut(model);
      throw error;
    }
    if (this.#closed) {
      cut(model);
      throw new Error('rabbitmq bus: the driver is closed');
    }
    this.#model = model;
    return model;
  }

  #lost(model: ChannelModel): void {
    if (this.#model !== model) return;
    this.#model = undefined;
    this.events.lost();
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

/** A channel whose end is told once, whatever its cause. */
export async function openChannel(
  model: ChannelModel,
  onEnd: () => void = () => undefined,
): Promise<Channel> {
  return watched(await model.createChannel(), onEnd);
}

export function watched<C extends Channel>(channel: C, onEnd: () => void): C {
  channel.on('error', () => undefined);
  channel.once('close', onEnd);
  return channel;
}

/** Closes a channel that may be closed already. */
export async function closeChannel(channel: Channel): Promise<void> {
  try {
    await channel.close();
  } catch {
    // Closed before by either side: what a close is for has happened.
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function cut(model: ChannelModel | undefined): void {
  const inner = model?.connection as unknown as { stream?: { destroy(reason: Error): void } } | undefined;
  // Without an error, amqplib would hear of it by missing heartbeats only.
  inner?.stream?.destroy(new Error('cut'));
}
