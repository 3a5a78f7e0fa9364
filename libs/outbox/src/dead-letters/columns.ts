/** The type of a row `p`. A header with U+0000 makes PostgreSQL refuse all of the JSON: such a row has none to show. */
export const TYPE = `case when position('\\u0000' in p.headers::text) = 0 then p.headers->>'type' end`;

const PARTITION_KEY = `case when position('\\u0000' in p.headers::text) = 0 then p.headers->>'partitionkey' end`;

/** What lists show of a row `p`. */
export const COLUMNS = `p.seq::text as seq, p.subscriber, p.id, p.topic, p.partition, p.key, ${TYPE} as type, p.state, p.due,
  p.attempts, p.reason, p.error, p.trace_id as "traceId", p.first_failed_at as "firstFailedAt",
  p.last_failed_at as "lastFailedAt", p.parked_at as "parkedAt",
  (select i.ending from inbox i where i.subscriber = p.subscriber and i.id = p.id) as ending`;

/** Parameters 1 to 4: subscriber, type, key, age. */
export const MATCHES = `($1::text is null or p.subscriber = $1) and ($2::text is null or ${TYPE} = $2)
  and ($3::text is null or coalesce(p.key, ${PARTITION_KEY}) = $3)
  and ($4::text is null or p.parked_at < clock_timestamp() - $4::text::float8 * interval '1 ms')`;

const MOST = 500;
const USUAL = 100;

export const limitOf = (limit = USUAL): number => Math.max(1, Math.min(limit, MOST));
