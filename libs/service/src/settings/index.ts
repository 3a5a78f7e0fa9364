export { certificates, postgresUrl, privateKey } from './fields.js';
export * from './parse.js';
export * from './place.js';
export { valuesOf } from './values.js';
