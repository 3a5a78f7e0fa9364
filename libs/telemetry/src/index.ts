export * from './logger.js';
export * from './names.js';
export * from './telemetry.js';
