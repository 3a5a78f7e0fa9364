import { ADMIN_EMAIL } from './environment.js';
import type { Platform } from './platform.js';
import type { Secrets } from './secrets.js';

type Row = [string, string];

/** What else a user wants to know: the administrator, and files that are not where one would look for them. */
export function notes({ settings: { dataFolder }, outer, secrets, postgres }: Platform): Row[] {
  const rows: Row[] = [];
  if (postgres && !postgres.folder.startsWith(dataFolder)) rows.push(['PostgreSQL data', postgres.folder]);
  if (postgres?.programs.startsWith('/var/tmp/')) rows.push(['PostgreSQL programs', postgres.programs]);
  return [...rows, ['Admin', `${outer.ADMIN_EMAIL ?? ADMIN_EMAIL}, ${passwordNote(outer, secrets)}`]];
}

function passwordNote(outer: NodeJS.ProcessEnv, { newAdminPassword, adminPasswordFile }: Secrets): string {
  if (outer.ADMIN_PASSWORD !== undefined) return 'password that ADMIN_PASSWORD was when the account was made';
  const password = newAdminPassword ? `password ${newAdminPassword}, kept in` : 'password in';
  return `${password} ${adminPasswordFile}`;
}
