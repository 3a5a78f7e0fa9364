export { driverConformance } from './suite.js';
export type { DriverTarget, DriverUnderTest } from './target.js';
