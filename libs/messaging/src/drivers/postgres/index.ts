export { PostgresDriver, postgresDriver } from './postgres-driver.js';
export type { PostgresDriverOptions } from './settings.js';
