import { createRequire } from 'node:module';
import type * as Kafkajs from 'kafkajs';
import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

// An optional peer: who never asks for this client need not have it. It is CommonJS, so it can be had when it is needed.
const require = createRequire(import.meta.url);

export const kafkajs = (): typeof Kafkajs => load<typeof Kafkajs>('kafkajs');

export const requestQueue = (): typeof RequestQueue =>
  load<typeof RequestQueue>('kafkajs/src/network/requestQueue/index.js');

function load<T>(path: string): T {
  try {
    return require(path) as T;
  } catch (cause) {
    throw new Error('kafka bus: the client "kafkajs" is not installed: npm install kafkajs', { cause });
  }
}
