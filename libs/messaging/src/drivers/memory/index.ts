export { MemoryBroker, type MemoryBrokerOptions } from './broker.js';
export type { FaultRates } from './faults.js';
export { MemoryDriver, memoryDriver } from './memory-driver.js';
