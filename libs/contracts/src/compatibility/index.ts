export { type Api, apiBreaks } from './compare-apis.js';
export { checkContracts, fails, type Stored } from './check.js';
export { type Finding, report } from './finding.js';
export type { Published } from './published.js';
export type { Samples } from './samples.js';
export { CONTRACTS_FOLDER, readStored, writeStored } from './store.js';
