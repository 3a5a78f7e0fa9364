export { driverConformance } from './driver/suite.js';
export type { DriverTarget, DriverUnderTest } from './driver/target.js';
