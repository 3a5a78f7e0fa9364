export * from './ledger-reader.js';
export * from './ledger.js';
export * from './postgres.js';
