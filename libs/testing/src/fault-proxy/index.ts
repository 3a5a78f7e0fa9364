export * from './fault-proxy.js';
export type { Stream, Toxic, ToxicType } from './toxic.js';
