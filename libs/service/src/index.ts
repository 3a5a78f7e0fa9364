export { ensureDatabase } from './database.js';
export { migrate, MigrationError } from './migrate.js';
