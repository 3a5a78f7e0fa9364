import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Platform, startPlatform } from '../e2e/platform.js';
import { fuzz, UNLIMITED } from './fuzz.ts';

const REQUESTS = 600;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ env: UNLIMITED });
}, 60_000);
afterAll(() => platform?.stop(), 30_000);

it('answers whatever is sent as its description says, and never with a fault of its own', async () => {
  const answers = await fuzz({ api: platform.api, requests: REQUESTS, seed: 1 });

  // Neither refused all nor taken all.
  for (const status of [200, 201, 204, 400, 401, 404, 415]) expect(answers).toHaveProperty(String(status));
}, 120_000);
