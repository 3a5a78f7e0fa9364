export { type BusConfig, ConfigError, readBusConfig } from '../config.js';
export { awaitBroker } from './broker-reached.js';
export { createDriver } from './driver.js';
