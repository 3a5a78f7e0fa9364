import type { DriverHealth } from '../../driver.js';
import type { Link } from './connection.js';
import { messageOf } from './sql-state.js';

export async function healthOf(data: Link, control: Link): Promise<DriverHealth> {
  try {
    await data.query('health', 'select 1');
  } catch (error) {
    return {
      up: false,
      detail: `the bus database does not answer (${messageOf(error)}): check that PostgreSQL runs and that the bus URL is right`,
    };
  }
  if (control.isUp) return { up: true };
  return {
    up: false,
    detail: 'the bus is connecting again to its database; nothing to do unless it stays so',
  };
}
