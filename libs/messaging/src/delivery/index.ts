export * from './admission.js';
export * from './backoff.js';
export * from './delivery.js';
export * from './held-partition.js';
export * from './single-flight.js';
export * from './within.js';
