/** Injection tokens of what has no class of its own. */
export const CONFIG = Symbol('taskwire.config');
export const DATABASE = Symbol('taskwire.database');
/** The groups that a service declares. */
export const GROUPS = Symbol('taskwire.groups');
export const LOGGER = Symbol('taskwire.logger');
export const OUTBOX_STORE = Symbol('taskwire.outbox-store');
