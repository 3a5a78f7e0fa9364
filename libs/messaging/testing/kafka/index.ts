export { removePrefix } from './remove-prefix.js';
export { type ReadRecord, readTopics } from './tap.js';
