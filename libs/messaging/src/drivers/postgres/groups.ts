import type { GroupLag, GroupReading } from '../../driver.js';
import { ForgetRefusal } from '../forget-refusal.js';
import type { Link } from './connection.js';

const LAG = /* sql */ `
select s.grp as "group", s.topic, sum(p.next - greatest(c.position, p.low))::bigint as messages,
  coalesce(extract(epoch from clock_timestamp() - min(m.at)) * 1000, 0)::float8 as "oldestAgeMs"
from bus.subscription s join bus.position c on c.sub = s.id join bus.partition p on p.id = c.part
left join bus.message m on m.part = p.id and m.seq = greatest(c.position, p.low)
group by 1, 2 order by 1, 2`;

const GROUPS = /* sql */ `
select l.*, (
  select count(*)::int from bus.instance i where s.id = any(i.subs) and i.until > clock_timestamp()) as members
from (${LAG}) l join bus.subscription s on s.grp = l."group" and s.topic = l.topic order by 1, 2`;

const FORGET = /* sql */ `
with wanted as (
  select id from bus.subscription where grp = $1 and ($2::text is null or topic = $2)
), alive as (
  select count(distinct i.id)::int as count from bus.instance i join wanted w on w.id = any(i.subs)
  where i.until > clock_timestamp()
), gone as (
  delete from bus.subscription s using wanted w where s.id = w.id and (select count from alive) = 0 returning s.id
)
select (select count from alive) as alive, (select count(*)::int from gone) as gone`;

/** How far each group is behind. */
export async function readLag(link: Link): Promise<GroupLag[]> {
  return link.query<GroupLag & { group: string }>('lag', LAG);
}

/** The same, and who reads. */
export async function readGroups(link: Link): Promise<GroupReading[]> {
  return link.query<GroupReading & { group: string }>('groups', GROUPS);
}

/** Removes a group that is gone for good, or its reading of one topic; its position no longer holds back retention. */
export async function forgetGroup(link: Link, group: string, topic?: string): Promise<void> {
  const [found] = await link.query<{ alive: number; gone: number }>('forget', FORGET, [group, topic ?? null]);
  const refusal = new ForgetRefusal('postgres', group, topic);
  if (found && found.alive > 0) throw refusal.read(found.alive);
  if (!found || found.gone === 0) throw refusal.unknown();
}
