import { Client } from 'pg';

/** Each with what one of them is. */
const LEFT = {
  'outbox rows': 'select count(*) n, max(type) one from outbox',
  'held rows': "select count(*) n, max(type || ': ' || error) one from outbox_held",
  'parked messages': `select count(*) n, max(concat_ws(' ', state, reason, headers->>'type', id, error)) one
    from parked_messages`,
  'scheduled messages': 'select count(*) n, max(type) one from scheduled_messages',
};

/** True when nothing is in an outbox, parked or scheduled; else what there is. By the stores' addresses. */
export async function isSent(stores: Readonly<Record<string, string>>): Promise<true | string> {
  const left: string[] = [];
  for (const [store, url] of Object.entries(stores)) {
    for (const [what, sql] of Object.entries(LEFT)) {
      const { rows, one } = await count(url, sql);
      if (rows > 0) left.push(`${store}: ${rows} ${what}, one is ${String(one)}`);
    }
  }
  return left.length === 0 || left.join(', ');
}

async function count(url: string, sql: string): Promise<{ rows: number; one: string | null }> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const [found] = (await client.query<{ n: string; one: string | null }>(sql)).rows;
    return { rows: Number(found?.n), one: found?.one ?? null };
  } finally {
    await client.end();
  }
}
