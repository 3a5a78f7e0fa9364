import { SingleFlight } from '../../delivery/single-flight.js';
import type { Headers } from '../../driver.js';
import { encodeHeaders, pack } from './codec.js';
import type { Link } from './connection.js';
import { parseAddress, REPLY_CHANNEL } from './reply-address.js';

const MOST_QUEUED = 10_000;
/** NOTIFY takes less than 8,000 bytes. */
const MOST_PAYLOAD = 7_800;
const MOST_ROWS = 200;

const NOTIFY = `select set_config('synchronous_commit', 'off', true), pg_notify(c, p) from unnest($1::text[], $2::text[]) x(c, p)`;
const STORE = /* sql */ `
with lazy as (select set_config('synchronous_commit', 'off', true)), stored as (
  insert into bus.reply (address, correlation, headers, body)
  select r.a, r.c, r.h, substring($4::bytea from r.o for r.l)
  from lazy, unnest($1::text[], $2::text[], $3::text[], $5::int[], $6::int[]) r(a, c, h, o, l))
select pg_notify('${REPLY_CHANNEL}' || a, '') from (select distinct unnest($1::text[]) as a) x`;

interface QueuedReply {
  readonly id: string;
  readonly byTable: boolean;
  readonly correlation: string;
  readonly headers: string;
  readonly body: Buffer;
  settle(error?: unknown): void;
}

/** Small replies travel inside the notification, several in one; large ones by table with an empty notification. */
export class ReplySender {
  #queue: QueuedReply[] = [];
  readonly #flight = new SingleFlight(() => this.#send());

  constructor(private readonly link: Link) {}

  async send(address: string, correlation: string, headers: Headers, body: Buffer): Promise<void> {
    const { id, byTable } = parseAddress(address);
    if (this.#queue.length >= MOST_QUEUED) throw new Error('postgres bus: too many replies wait to be sent');
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => {
        if (error === undefined) resolve();
        else reject(error instanceof Error ? error : new Error(String(error)));
      };
      this.#queue.push({ id, byTable, correlation, headers: encodeHeaders(headers), body, settle });
      this.#flight.poke();
    });
  }

  async idle(): Promise<void> {
    await this.#flight.idle();
  }

  async #send(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MOST_ROWS);
      const entries = batch.map((reply) => ({
        reply,
        text: JSON.stringify([reply.correlation, reply.headers, reply.body.toString('base64')]),
      }));
      const isLarge = ({ reply, text }: (typeof entries)[number]): boolean =>
        reply.byTable || Buffer.byteLength(text) + 2 > MOST_PAYLOAD;
      await this.#notify(entries.filter((entry) => !isLarge(entry)));
      await this.#store(entries.filter(isLarge).map(({ reply }) => reply));
    }
  }

  async #notify(entries: readonly { reply: QueuedReply; text: string }[]): Promise<void> {
    const channels: string[] = [];
    const payloads: string[] = [];
    for (const [id, own] of Map.groupBy(entries, ({ reply }) => reply.id)) {
      let texts: string[] = [];
      let size = 2;
      const flush = (): void => {
        if (texts.length === 0) return;
        channels.push(REPLY_CHANNEL + id);
        payloads.push(`[${texts.join(',')}]`);
        texts = [];
        size = 2;
      };
      for (const { text } of own) {
        const bytes = Buffer.byteLength(text) + 1;
        if (size + bytes > MOST_PAYLOAD) flush();
        texts.push(text);
        size += bytes;
      }
      flush();
    }
    if (channels.length === 0) return;
    await this.#settle(
      entries.map(({ reply }) => reply),
      () => this.link.query('reply', NOTIFY, [channels, payloads]),
    );
  }

  async #store(replies: readonly QueuedReply[]): Promise<void> {
    if (replies.length === 0) return;
    await this.#settle(replies, () =>
      this.link.query('replies', STORE, [
        replies.map((r) => r.id),
        replies.map((r) => r.correlation),
        replies.map((r) => r.headers),
        ...pack(replies.map((r) => r.body)),
      ]),
    );
  }

  async #settle(replies: readonly QueuedReply[], run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
      for (const reply of replies) reply.settle();
    } catch (error) {
      for (const reply of replies) reply.settle(error);
    }
  }
}
