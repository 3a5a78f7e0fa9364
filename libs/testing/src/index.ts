export * from './few-at-a-time.js';
export * from './free-ports.js';
export * from './ledger-reader.js';
export * from './ledger.js';
export * from './postgres.js';
export * from './rabbitmq.js';
export * from './stub-auth.js';
export * from './until.js';
