export * from './shared-limit.js';
export * from './shared-redis.js';
