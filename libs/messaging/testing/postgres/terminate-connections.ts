import type { Client } from 'pg';

/** Ends, on the server, all connections of one driver instance. */
export async function terminateConnections(control: Client, instance: string): Promise<void> {
  await control.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1',
    [`%${instance}`],
  );
}
