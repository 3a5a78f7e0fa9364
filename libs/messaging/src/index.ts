export * from './contract/message.js';
export * from './contract/subscription.js';
export * from './contract/topology.js';
export * from './driver.js';
export * from './envelope.js';
export * from './partition.js';
export * from './store.js';
export * from './bus.types.js';
