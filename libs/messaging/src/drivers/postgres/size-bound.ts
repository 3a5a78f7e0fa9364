import type { Link } from './connection.js';

interface SizeRow {
  readonly bytes: number;
  readonly grp: string | null;
  readonly behind: number | null;
}

const SIZE = /* sql */ `
select (select coalesce(sum(bytes), 0)::bigint from bus.partition) as bytes, w.grp, w.behind
from (values (1)) one left join (
  select s.grp, sum(p.next - greatest(c.position, p.low))::bigint as behind
  from bus.position c join bus.subscription s on s.id = c.sub join bus.partition p on p.id = c.part
  group by 1 order by 2 desc limit 1) w on true`;

/**
 * Refuses sends once the log holds too much, because retention waits for every declared group: a dead one would fill the
 * disk. Read once per `everyMs`, with this process's own sends counted in
 * between, and again before each refusal.
 */
export class SizeBound {
  #bytes = 0;
  #readAt = -Infinity;
  #behind = '';

  constructor(
    private readonly link: Link,
    private readonly maxBytes: number,
    private readonly everyMs: number,
    /** Makes room, if there is something that all groups have read. */
    private readonly onFull: () => void,
  ) {}

  /** Why nothing more may be stored, or undefined. */
  async refusal(): Promise<string | undefined> {
    const isDue = performance.now() - this.#readAt > this.everyMs;
    if (isDue || this.#bytes >= this.maxBytes) await this.#read();
    if (this.#bytes < this.maxBytes) return undefined;
    return (
      `postgres bus: full: it holds ${String(this.#bytes)} bytes, the bound is ${String(this.maxBytes)}. ${this.#behind}` +
      'Let the consumers catch up, forget a group that is gone (npx taskwire groups forget <group>) or raise the bound.'
    );
  }

  sent(bytes: number): void {
    this.#bytes += bytes;
  }

  async #read(): Promise<void> {
    const [row] = await this.link.query<SizeRow>('size', SIZE);
    this.#bytes = row?.bytes ?? 0;
    this.#behind =
      row?.grp && row.behind ? `Group ${row.grp} is ${String(row.behind)} messages behind. ` : '';
    this.#readAt = performance.now();
    if (this.#bytes >= this.maxBytes) this.onFull();
  }
}
