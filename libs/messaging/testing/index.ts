export { crashAt, type CrashOptions, type Moment } from './crash-at.js';
export { type CutProxy, cutProxy } from './cut-proxy.js';
