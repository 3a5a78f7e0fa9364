export { type BusUnderTest, busConformance } from './suite.js';
export { DIRECT_EXCUSES, directStores, type OpenStore, type StoreTarget } from './store-target.js';
