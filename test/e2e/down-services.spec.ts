import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ProblemBody } from '@taskwire/contracts';
import { type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

/** A read of each service. */
const READS = {
  auth: '/v1/auth/sessions',
  task: '/v1/tasks',
  notification: '/v1/notifications',
  analytics: '/v1/analytics/me',
} as const;
const SERVICES = Object.keys(READS) as (keyof typeof READS)[];

let platform: Platform;
let ada: Client;
beforeAll(async () => {
  platform = await startPlatform({ env: { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: '1000000' } });
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

const statuses = async () => {
  const answers = await Promise.all(SERVICES.map((name) => ada.call<ProblemBody>('GET', READS[name])));
  return Object.fromEntries(SERVICES.map((name, n) => [name, answers[n]?.status]));
};
const all = { auth: 200, task: 200, notification: 200, analytics: 200 };

it.each(SERVICES)(
  '%s is down: its routes are 503, with when to come back, and the others go on',
  async (name) => {
    await until('all are up', statuses, (seen) => Object.values(seen).every((status) => status === 200));
    await platform.stopService(name);
    // Past what opens the circuit, too.
    for (let n = 0; n < 6; n += 1) expect(await statuses()).toEqual({ ...all, [name]: 503 });
    const refused = await ada.call<ProblemBody>('GET', READS[name]);
    await platform.startService(name);

    expect(refused.body.code).toBe('service_unavailable');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(JSON.stringify(refused.body)).not.toMatch(/127\.0\.0\.1|localhost|:\d{4,5}/);
  },
  60_000,
);
