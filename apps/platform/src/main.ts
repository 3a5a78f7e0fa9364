import { addressTable } from './addresses.js';
import { ADMIN_EMAIL } from './environment.js';
import { explain } from './explain.js';
import { type Platform, startPlatform } from './platform.js';
import { readSettings } from './settings.js';
import { stopOnSignals } from './signals.js';

let platform: Platform | undefined;
stopOnSignals(() => platform?.close);
try {
  const settings = readSettings(process.env);
  platform = await startPlatform(settings, process.env);

  const { newAdminPassword, adminPasswordFile } = platform.secrets;
  const shown = newAdminPassword ? `password ${newAdminPassword}, kept in` : 'password in';
  const admin = `${ADMIN_EMAIL}, ${shown} ${adminPasswordFile}`;
  const more: [string, string][] = [['Admin', admin]];
  if (platform.postgresElsewhere) more.unshift(['PostgreSQL data', platform.postgresElsewhere]);
  console.log(`Taskwire is ready.\n${addressTable(settings, more)}`);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
