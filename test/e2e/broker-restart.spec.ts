import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { hasKafka, hasRabbitmq, startLocalKafka, startLocalRabbitmq } from '@taskwire/testing';
import { answerOf, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

const TEST_MS = 240_000;
/** What is promised, with the settings of production. */
const RECOVERY_LIMIT_MS = 15_000;
/** So that their keys are in most of the partitions. */
const OWNERS = 8;
const AWAY_MS = 3_000;

let platform: Platform | undefined;
const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  await platform?.stop();
  await Promise.all(removals.splice(0).map((remove) => remove()));
}, 120_000);

async function start(env: NodeJS.ProcessEnv): Promise<Client[]> {
  platform = await startPlatform({ env: { LOG_LEVEL: 'silent', ...env } });
  const { api } = platform;
  const owners: Client[] = [];
  for (let n = 0; n < OWNERS; n++) owners.push(await signUp(api));
  await Promise.all(owners.map((owner) => owner.createTask('before')));
  return owners;
}

/** Each owner creates one task, and asks again until it is told so. How long the last of them took, in ms. */
async function untilAllAreServed(owners: readonly Client[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    owners.map(async (owner) => {
      const key = { 'idempotency-key': randomUUID(), prefer: 'wait=1' };
      for (;;) {
        const answer = await answerOf(
          owner.api.POST('/v1/tasks', { body: { title: 'after' }, headers: key }),
        ).catch(() => undefined);
        if (answer?.status === 201) return;
        await sleep(100);
      }
    }),
  );
  return performance.now() - began;
}

describe('with the settings of production', () => {
  const restarted = [
    ...(hasRabbitmq() ? [{ name: 'rabbitmq', url: 'RABBITMQ_URL', broker: startLocalRabbitmq }] : []),
    ...(hasKafka() ? [{ name: 'kafka', url: 'KAFKA_BROKERS', broker: startLocalKafka }] : []),
  ];
  it.each(restarted)(
    'a write is done within 15 s after $name answers again',
    async ({ name, url, broker: startBroker }) => {
      const broker = await startBroker();
      removals.push(() => broker.remove());
      const owners = await start({ BUS: name, [url]: broker.address });
      await broker.kill();
      await sleep(AWAY_MS);
      await broker.start();
      const tookMs = await untilAllAreServed(owners);

      console.log(`${name}: all owners served ${Math.round(tookMs)} ms after the broker answered again`);
      expect(tookMs).toBeLessThan(RECOVERY_LIMIT_MS);
    },
    TEST_MS,
  );
});
