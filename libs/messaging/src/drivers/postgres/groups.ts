import type { GroupLag } from '../../driver.js';
import type { Link } from './connection.js';

const LAG = /* sql */ `
select s.grp as "group", s.topic, sum(p.next - greatest(c.position, p.low))::bigint as messages,
  coalesce(extract(epoch from clock_timestamp() - min(m.at)) * 1000, 0)::float8 as "oldestAgeMs"
from bus.subscription s join bus.position c on c.sub = s.id join bus.partition p on p.id = c.part
left join bus.message m on m.part = p.id and m.seq = greatest(c.position, p.low)
group by 1, 2 order by 1, 2`;

const FORGET = /* sql */ `
with gone as (delete from bus.subscription where grp = $1 returning id) select count(*)::int as count from gone`;

const ALIVE = /* sql */ `
select count(*)::int as count from bus.instance i join bus.subscription s on s.id = any(i.subs)
where s.grp = $1 and i.until > clock_timestamp()`;

/** How far each group is behind. */
export async function readLag(link: Link): Promise<GroupLag[]> {
  return link.query<GroupLag & { group: string }>('lag', LAG);
}

/** Removes a group that is gone for good; its position no longer holds back retention. */
export async function forgetGroup(link: Link, group: string): Promise<void> {
  const [alive] = await link.query<{ count: number }>('alive', ALIVE, [group]);
  if (alive && alive.count > 0) {
    throw new Error(
      `postgres bus: group ${group} has ${String(alive.count)} running instances: stop them first`,
    );
  }
  const [gone] = await link.query<{ count: number }>('forget', FORGET, [group]);
  if (!gone || gone.count === 0) throw new Error(`postgres bus: there is no group ${group}`);
}
