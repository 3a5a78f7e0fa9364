export * from './counts.js';
export * from './outbox.js';
export * from './outbox-store.js';
export * from './sql/executor.js';
