/**
 * Each function is one statement for its caller, so a client that stops can't hold a partition. Appends are flushed
 * whatever the session says; what may be lost (a heartbeat, a position) is not: losing it means a redelivery.
 */
export const FUNCTIONS = /* sql */ `
-- Rows are locked in one order, so two appends can't deadlock. The clock is read under the lock, once (rows are not
-- inserted in their order): "at" never falls as "seq" grows, unless the host's clock is set back.
create function bus.append(parts int[], ords int[], keys text[], heads text[], bodies bytea, offs int[], lens int[])
returns table (part int, base bigint) language plpgsql as $$
#variable_conflict use_column
declare stored_at timestamptz;
begin
  perform set_config('synchronous_commit', 'on', true);
  perform from bus.partition where id = any(parts) order by id for no key update;
  stored_at := clock_timestamp();
  return query
    with counted as (
      select part, count(*) as n, sum(octet_length(key) + octet_length(head) + len + 64) as size
      from unnest(parts, keys, heads, lens) m(part, key, head, len) group by 1
    ), raised as (
      update bus.partition p set next = p.next + c.n, bytes = p.bytes + c.size from counted c
      where p.id = c.part returning p.id, p.next - c.n as base
    ), stored as (
      insert into bus.message (seq, at, part, key, headers, body)
      select r.base + m.ord, stored_at, m.part, m.key, m.head, substring(bodies from m.off for m.len)
      from unnest(parts, ords, keys, heads, offs, lens) m(part, ord, key, head, off, len)
      join raised r on r.id = m.part
    )
    select r.id, r.base from raised r;
end $$;

-- Heartbeat, fair share, claims and poll in one round trip. One claimer at a time, each seeing the last one's claims.
create function bus.beat(me text, the_subs int[], ttl interval)
returns table (sub int, part int, epoch bigint, "position" bigint, next bigint, low bigint, surplus boolean)
language plpgsql as $$
#variable_conflict use_column
declare s int; before int[]; total int; live int; rank int; mine int; quota int;
begin
  perform set_config('synchronous_commit', 'off', true);
  select subs into before from bus.instance where id = me;
  insert into bus.instance values (me, the_subs, clock_timestamp() + ttl)
    on conflict (id) do update set subs = excluded.subs, until = excluded.until;
  if before is distinct from the_subs then
    perform pg_notify('bus_group', array_to_string(the_subs, ','));
  end if;
  foreach s in array the_subs loop
    select count(*), count(*) filter (where owner = me) into total, mine from bus.position where sub = s;
    select count(*), count(*) filter (where md5(id || s) < md5(me || s)) into live, rank
      from bus.instance where s = any(subs) and until > clock_timestamp();
    quota := total / greatest(live, 1) + (rank < total % greatest(live, 1))::int;
    if mine < quota then
      perform pg_advisory_xact_lock(731, s);
      update bus.position c set owner = me, epoch = c.epoch + 1 where c.sub = s and c.part in (
        select f.part from bus.position f
        left join bus.instance i on i.id = f.owner and s = any(i.subs) and i.until > clock_timestamp()
        where f.sub = s and i.id is null and f.owner is distinct from me
        order by f.part limit quota - mine for no key update of f);
    end if;
    return query
      select s, c.part, c.epoch, c.position, p.next, p.low, row_number() over (order by c.part) > quota
      from bus.position c join bus.partition p on p.id = c.part where c.sub = s and c.owner = me;
  end loop;
end $$;

-- Answers what was accepted; the others have a newer owner.
create function bus.commit(subs int[], parts int[], epochs bigint[], positions bigint[])
returns table (sub int, part int) language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  perform from bus.position c join unnest(subs, parts) w(sub, part) on c.sub = w.sub and c.part = w.part
    order by c.sub, c.part for no key update of c;
  return query
    update bus.position c set position = w.position
    from unnest(subs, parts, epochs, positions) w(sub, part, epoch, position)
    where c.sub = w.sub and c.part = w.part and c.epoch = w.epoch and c.position <= w.position
    returning c.sub, c.part;
end $$;

-- Hands partitions over with their last position, and tells the others. "remaining": what this instance still reads.
create function bus.release(me text, remaining int[], leaving int[],
  subs int[], parts int[], epochs bigint[], positions bigint[]) returns void language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  if cardinality(remaining) = 0 then delete from bus.instance where id = me;
  else update bus.instance set subs = remaining where id = me; end if;
  perform from bus.position c join unnest(subs, parts) w(sub, part) on c.sub = w.sub and c.part = w.part
    order by c.sub, c.part for no key update of c;
  update bus.position c set owner = null, position = greatest(c.position, w.position)
    from unnest(subs, parts, epochs, positions) w(sub, part, epoch, position)
    where c.sub = w.sub and c.part = w.part and c.epoch = w.epoch and c.owner = me;
  perform pg_notify('bus_group', array_to_string(leaving, ','));
end $$;

-- topics: [{name, partitions, keepMs}], groups: [{name, topics, earliest}]. One declarer at a time.
create function bus.declare(topics jsonb, groups jsonb) returns void language plpgsql as $$
declare t record; g record; had int;
begin
  perform pg_advisory_xact_lock(733, 0);
  for t in select * from jsonb_to_recordset(topics) x(name text, partitions int, "keepMs" float8) loop
    select count(*) into had from bus.partition where topic = t.name;
    if had not in (0, t.partitions) then
      raise exception 'topic % has % partitions, not %: another number needs a new topic version', t.name, had, t.partitions
        using errcode = 'TW001';
    end if;
    insert into bus.partition (topic, n, keep)
      select t.name, n, make_interval(secs => t."keepMs" / 1000) from generate_series(0, t.partitions - 1) n
      on conflict do nothing;
    update bus.partition set keep = make_interval(secs => t."keepMs" / 1000)
      where topic = t.name and keep <> make_interval(secs => t."keepMs" / 1000);
  end loop;
  for g in select x.name, x.earliest, topic
      from jsonb_to_recordset(groups) x(name text, topics jsonb, earliest boolean),
        jsonb_array_elements_text(x.topics) topic order by topic, x.name loop
    if not exists (select from bus.partition where topic = g.topic) then
      raise exception 'group % reads topic %, which is not declared: declare the topic with it', g.name, g.topic
        using errcode = 'TW002';
    end if;
    continue when exists (select from bus.subscription where grp = g.name and topic = g.topic);
    perform pg_advisory_xact_lock(732, hashtext(g.topic));
    with s as (insert into bus.subscription (grp, topic) values (g.name, g.topic) returning id)
    insert into bus.position (sub, part, position)
      select s.id, p.id, case when g.earliest then p.low else p.next end
      from s, bus.partition p where p.topic = g.topic;
  end loop;
end $$;

-- Deletes a prefix of one partition: at most "most" rows, old enough unless the bus is nearly full, and never what a
-- group has not passed. The counter row comes last, so that appends wait for a moment only.
create function bus.trim(the_part int, most int, nearly_full boolean) returns bigint language plpgsql as $$
declare p bus.partition; stop bigint; gone bigint; freed bigint;
begin
  select * into p from bus.partition where id = the_part;
  perform set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(732, hashtext(p.topic));
  select * into p from bus.partition where id = the_part;
  select least(p.next, min(position), p.low + most) into stop from bus.position where part = the_part;
  if not nearly_full then
    select coalesce(min(seq), stop) into stop from bus.message
      where part = the_part and seq >= p.low and seq < stop and at >= now() - p.keep;
  end if;
  with d as (
    delete from bus.message where part = the_part and seq >= p.low and seq < stop
    returning seq, octet_length(key) + octet_length(headers) + octet_length(body) + 64 as size
  ) select max(seq) + 1, sum(size) into gone, freed from d;
  if gone is not null then
    update bus.partition set low = gone, bytes = bytes - freed where id = the_part;
  end if;
  return coalesce(gone - p.low, 0);
end $$;
`;
