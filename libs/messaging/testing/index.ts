export { driverConformance } from './driver/suite.js';
export type { DriverTarget, DriverUnderTest } from './driver/target.js';
export { type BusUnderTest, busConformance } from './bus/suite.js';
export { DIRECT_EXCUSES, directStores, type OpenStore, type StoreTarget } from './bus/store-target.js';
