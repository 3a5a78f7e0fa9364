import { ADMIN_EMAIL } from './environment.js';
import type { Platform } from './platform.js';
import type { Settings } from './settings.js';

type Row = [string, string];

/** What else a user wants to know: the administrator, and files that are not where one would look for them. */
export function notes({ dataFolder }: Settings, { secrets, postgres }: Platform): Row[] {
  const rows: Row[] = [];
  if (postgres && !postgres.folder.startsWith(dataFolder)) rows.push(['PostgreSQL data', postgres.folder]);
  if (postgres?.programs.startsWith('/var/tmp/')) rows.push(['PostgreSQL programs', postgres.programs]);
  const { newAdminPassword, adminPasswordFile } = secrets;
  const password = newAdminPassword ? `password ${newAdminPassword}, kept in` : 'password in';
  return [...rows, ['Admin', `${ADMIN_EMAIL}, ${password} ${adminPasswordFile}`]];
}
