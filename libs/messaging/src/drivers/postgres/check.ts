import { clockFindings, clockOffset } from '../../clock.js';
import type { Finding } from '../../finding.js';
import type { Link } from './connection.js';

/** The server's settings, and its clock beside this process's. */
export async function checkServer(link: Link): Promise<Finding[]> {
  const [row] = await link.query<{ autovacuum: string }>(
    'autovacuum',
    `select current_setting('autovacuum') as autovacuum`,
  );
  const offset = await clockOffset(async () => {
    const [clock] = await link.query<{ now: Date }>('clock', 'select clock_timestamp() as now');
    return clock?.now ?? new Date();
  });
  return [
    ...autovacuumFindings(row?.autovacuum),
    ...clockFindings("the clocks of this process and of the bus's database", offset),
  ];
}

function autovacuumFindings(setting: string | undefined): Finding[] {
  if (setting !== 'off') return [];
  return [
    {
      level: 'warning',
      what: "autovacuum is off in the bus's database",
      why: 'the bus slows down and grows',
      change: 'set autovacuum = on in postgresql.conf',
    },
  ];
}
