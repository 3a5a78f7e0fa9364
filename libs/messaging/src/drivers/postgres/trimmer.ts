import { SingleFlight } from '../../delivery/single-flight.js';
import type { Link } from './connection.js';

const PAGE = 5_000;
/** Beyond this share of the size bound what all groups have read goes before its time, down to the second one. */
const NEARLY_FULL = 0.8;
const ENOUGH = 0.7;

const DUE = /* sql */ `
update bus.meta set trimmed_at = clock_timestamp()
where trimmed_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) returning true as won`;

const SWEEP = /* sql */ `
with i as (delete from bus.instance where until < now() - interval '1 minute')
delete from bus.reply where at < now() - interval '1 minute'`;

/** Retention: deletes what every group has read and what is old enough, or all that was read when room is needed. */
export class Trimmer {
  readonly #flight: SingleFlight;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly link: Link,
    private readonly maxBytes: number,
    private readonly everyMs: number,
    onFault: (fault: unknown) => void,
  ) {
    this.#flight = new SingleFlight(() => this.#trim(), onFault);
  }

  /** From now on, in turn with the other instances: one of all trims each time. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#trimWhenDue();
    }, this.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
  }

  /** Now, whoever else does. */
  poke(): void {
    if (!this.#stopped) this.#flight.poke();
  }

  #trimWhenDue(): void {
    this.link.query<{ won: boolean }>('due', DUE, [this.everyMs]).then(
      (rows) => {
        if (rows.length > 0) this.poke();
      },
      // Without a connection nothing is due; the next turn is soon.
      () => undefined,
    );
  }

  async #trim(): Promise<void> {
    const parts = await this.link.query<{ id: number }>('all', 'select id from bus.partition order by id');
    const ids = parts.map(({ id }) => id);
    await this.#trimAll(ids, false);
    if ((await this.#bytes()) > this.maxBytes * NEARLY_FULL) await this.#makeRoom(ids);
    await this.link.query('sweep', SWEEP);
  }

  async #trimAll(ids: readonly number[], isNearlyFull: boolean): Promise<number> {
    let sum = 0;
    for (const id of ids) {
      let count: number;
      do {
        count = this.#stopped ? 0 : await this.#trimPage(id, isNearlyFull);
        sum += count;
      } while (count === PAGE && !isNearlyFull);
    }
    return sum;
  }

  /** A page of each partition in turn, so that the oldest go first everywhere. */
  async #makeRoom(ids: readonly number[]): Promise<void> {
    while ((await this.#bytes()) > this.maxBytes * ENOUGH && !this.#stopped) {
      if ((await this.#trimAll(ids, true)) === 0) return;
    }
  }

  async #trimPage(id: number, isNearlyFull: boolean): Promise<number> {
    const [row] = await this.link.query<{ count: number }>('trim', 'select bus.trim($1, $2, $3) as count', [
      id,
      PAGE,
      isNearlyFull,
    ]);
    return row?.count ?? 0;
  }

  async #bytes(): Promise<number> {
    const [row] = await this.link.query<{ bytes: number }>(
      'bytes',
      'select coalesce(sum(bytes), 0)::bigint as bytes from bus.partition',
    );
    return row?.bytes ?? 0;
  }
}
