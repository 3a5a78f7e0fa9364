import type pg from 'pg';
import type { Link } from './connection.js';
import type { Fetcher } from './fetcher.js';
import type { Membership } from './membership.js';
import { REPLY_CHANNEL } from './reply-address.js';
import type { ReplyInbox } from './reply-inbox.js';
import { TOPIC_CHANNEL } from './wake.js';

const GROUP_CHANNEL = 'bus_group';
const SELF_CHECK = 'self-check';
const HEARING_TIMEOUT_MS = 1_000;

/** Hears what others tell, and checks that anything is heard at all: a pooler in between may swallow it. */
export class Listener {
  readonly #topics = new Set<string>();
  #attached = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(
    private readonly id: string,
    private readonly control: Link,
    private readonly membership: Membership,
    private readonly fetcher: Fetcher,
    private readonly inbox: ReplyInbox,
    private readonly onWarning: (text: string) => void,
  ) {}

  /** Listens on a new connection. Answers whether there was one before. */
  async attach(client: pg.Client): Promise<boolean> {
    client.on('notification', ({ channel, payload }) => {
      this.#heard(channel, payload ?? '');
    });
    const own = REPLY_CHANNEL + this.id;
    await client.query(listenTo([GROUP_CHANNEL, own, ...this.#topics]));
    clearTimeout(this.#check);
    this.#check = setTimeout(() => {
      this.#hearsNothing();
    }, HEARING_TIMEOUT_MS);
    await client.query('select pg_notify($1, $2)', [own, SELF_CHECK]);
    this.#attached += 1;
    return this.#attached > 1;
  }

  /** Hears of new messages on these channels of topics, now and after each reconnect. */
  async hear(channels: readonly string[]): Promise<void> {
    const added = channels.filter((channel) => !this.#topics.has(channel));
    if (added.length === 0) return;
    for (const channel of added) this.#topics.add(channel);
    const client = await this.control.client();
    await client.query(listenTo(added));
  }

  stop(): void {
    clearTimeout(this.#check);
  }

  #heard(channel: string, payload: string): void {
    if (channel.startsWith(TOPIC_CHANNEL)) this.fetcher.appended(payload.split(',').map(Number));
    else if (channel === GROUP_CHANNEL) this.#membersChanged(payload.split(',').map(Number));
    else if (payload === SELF_CHECK) this.#hearsItself();
    else this.inbox.heard(payload);
  }

  #membersChanged(subs: readonly number[]): void {
    const concerned = [...this.membership.groups].some((group) =>
      group.subs.some((sub) => subs.includes(sub)),
    );
    if (concerned) this.membership.beatSoon();
  }

  #hearsItself(): void {
    clearTimeout(this.#check);
    this.membership.deaf = false;
  }

  #hearsNothing(): void {
    this.membership.deaf = true;
    this.membership.beatSoon();
    this.onWarning(
      'postgres bus: notifications do not arrive on this connection, so it polls ten times a second: give the bus a ' +
        'direct connection to PostgreSQL, not one through a pooler in transaction mode',
    );
  }
}

const listenTo = (channels: readonly string[]): string =>
  channels.map((channel) => `listen "${channel}"`).join('; ');
