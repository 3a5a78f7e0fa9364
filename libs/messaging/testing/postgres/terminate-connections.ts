import { Client } from 'pg';

/** Ends, on the server, all connections of one driver instance. Answers how many. */
export async function terminateConnections(url: string, instance: string): Promise<number> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ ended: boolean }>(
      'select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name like $1',
      [`%${instance}`],
    );
    return rows.length;
  } finally {
    await client.end();
  }
}
