import { Client } from 'pg';

const LEFT = {
  'outbox rows': 'select count(*) n from outbox',
  'parked messages': 'select count(*) n from parked_messages',
  'scheduled messages': 'select count(*) n from scheduled_messages',
};

/** True when nothing is in an outbox, parked or scheduled; else what there is. By the stores' addresses. */
export async function isSent(stores: Readonly<Record<string, string>>): Promise<true | string> {
  const left: string[] = [];
  for (const [store, url] of Object.entries(stores)) {
    for (const [what, sql] of Object.entries(LEFT)) {
      const rows = await count(url, sql);
      if (rows > 0) left.push(`${store}: ${rows} ${what}`);
    }
  }
  return left.length === 0 || left.join(', ');
}

async function count(url: string, sql: string): Promise<number> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(sql);
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}
