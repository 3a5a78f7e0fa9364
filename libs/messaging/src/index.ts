export * from './contract/message.js';
export * from './contract/subscription.js';
export * from './contract/topology.js';
export * from './driver.js';
export * from './envelope.js';
export * from './partition.js';
export * from './store.js';
export * from './bus.types.js';
export {
  MemoryBroker,
  MemoryDriver,
  memoryDriver,
  type FaultRates,
  type MemoryBrokerOptions,
} from './drivers/memory/index.js';
export { PostgresDriver, postgresDriver, type PostgresDriverOptions } from './drivers/postgres/index.js';
export { encodeEvent, type EncodeOptions } from './envelope/encode.js';
export { ContractError } from './envelope/contract-error.js';
export { contextOf, originOf, type Origin } from './envelope/origin.js';
export { uuidv7 } from './envelope/uuid.js';
export * from './registry/handler.js';
export { Bus, type BusHealth, type BusOptions } from './bus.js';
export type { BroadcastHandlers } from './listener.js';
export type { Log } from './log.js';
export type { ServeOptions } from './subscriber.js';
export * from './nest/decorators.js';
export { BusClient, type CommandRequest, type EventRequest } from './nest/bus-client.js';
export { BusServer, type BusServerOptions } from './nest/bus-server.js';
export { direct } from './direct.js';
export * from './diagnostics.js';
