import type { SqlExecutor } from '../sql/executor.js';
import type { RelaySettings } from './settings.js';

const TAKE = `insert into outbox_lease as l (name, owner, until)
  values ($1, $2, clock_timestamp() + $3::text::float8 * interval '1 ms')
  on conflict (name) do update set owner = excluded.owner, until = excluded.until
  where l.owner = excluded.owner or l.until < clock_timestamp()`;

const RELEASE = `delete from outbox_lease where name = $1 and owner = $2`;

/** One relay per outbox. The owner counts from before it asked and stops early, so two never own it by their own clocks. */
export class Lease {
  #until = -Infinity;

  constructor(
    private readonly executor: SqlExecutor,
    readonly name: string,
    readonly owner: string,
    private readonly settings: Pick<RelaySettings, 'leaseMs' | 'marginMs'>,
  ) {}

  owns(): boolean {
    return performance.now() < this.#until;
  }

  /** Takes the lease when it is free or over, or makes it longer. Answers whether it is ours. */
  async renew(): Promise<boolean> {
    const { leaseMs, marginMs } = this.settings;
    const asked = performance.now();
    const taken = await this.executor.execute(TAKE, [this.name, this.owner, String(leaseMs)]);
    this.#until = taken > 0 ? asked + leaseMs - marginMs : -Infinity;
    return this.owns();
  }

  /** So that another instance need not wait. */
  async release(): Promise<void> {
    this.#until = -Infinity;
    await this.executor.execute(RELEASE, [this.name, this.owner]);
  }
}
