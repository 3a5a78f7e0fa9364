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
/** Pause between the tasks of one owner, and before it asks again. */
const PAUSE_MS = 100;
/** All come from one address, and ask again and again while the broker is away. */
const UNLIMITED = { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: '1000000' };
/** Fewer than one page of the list. */
const MOST_TASKS = 60;

let platform: Platform | undefined;
const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  await platform?.stop();
  await Promise.all(removals.splice(0).map((remove) => remove()));
}, 120_000);

async function start(env: NodeJS.ProcessEnv): Promise<Client[]> {
  platform = await startPlatform({ env: { LOG_LEVEL: 'silent', ...UNLIMITED, ...env } });
  const { api } = platform;
  const owners: Client[] = [];
  for (let n = 0; n < OWNERS; n++) owners.push(await signUp(api));
  await Promise.all(owners.map((owner) => owner.createTask('before')));
  return owners;
}

/** Creates one task under one key, and asks again until it is told so. Answers how often it asked. */
async function createForSure(owner: Client, title: string): Promise<number> {
  const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=1' };
  for (let asked = 1; ; asked += 1) {
    const answer = await answerOf(owner.api.POST('/v1/tasks', { body: { title }, headers })).catch(
      () => undefined,
    );
    if (answer?.status === 201) return asked;
    const isOpen = answer === undefined || [202, 503, 504].includes(answer.status);
    if (!isOpen) throw new Error(`"${title}" ended with ${answer.status}`);
    await sleep(PAUSE_MS);
  }
}

/** How long the last of them took to create one, in ms. */
async function untilAllAreServed(owners: readonly Client[]): Promise<number> {
  const began = performance.now();
  await Promise.all(owners.map((owner) => createForSure(owner, 'after')));
  return performance.now() - began;
}

interface Work {
  /** Tasks that were created, and had to be asked for more than once. */
  readonly repeated: () => number;
  /** Finishes what was begun. Answers the titles. */
  stop(): Promise<readonly string[]>;
}

/** Creates task after task. */
function work(owner: Client): Work {
  const titles: string[] = [];
  let repeated = 0;
  let stopped = false;
  const running = (async () => {
    while (!stopped && titles.length < MOST_TASKS) {
      const title = `task ${titles.length}`;
      titles.push(title);
      if ((await createForSure(owner, title)) > 1) repeated += 1;
      await sleep(PAUSE_MS);
    }
  })();
  const stop = async () => {
    stopped = true;
    await running;
    return titles;
  };
  return { repeated: () => repeated, stop };
}

const titlesOf = async (owner: Client) =>
  (await answerOf(owner.api.GET('/v1/tasks', { params: { query: { limit: 100 } } }))).body.tasks.map(
    ({ title }) => title,
  );

describe('with the settings of production', () => {
  const restarted = [
    ...(hasRabbitmq() ? [{ name: 'rabbitmq', url: 'RABBITMQ_URL', broker: startLocalRabbitmq }] : []),
    ...(hasKafka() ? [{ name: 'kafka', url: 'KAFKA_BROKERS', broker: startLocalKafka }] : []),
  ];
  it.each(restarted)(
    'a write is done within 15 s after $name answers again, and those under way when it went are done once',
    async ({ name, url, broker: startBroker }) => {
      const broker = await startBroker();
      removals.push(() => broker.remove());
      const owners = await start({ BUS: name, [url]: broker.address });
      const working = owners.map(work);
      await sleep(PAUSE_MS * 5);
      await broker.kill();
      await sleep(AWAY_MS);
      await broker.start();
      const tookMs = await untilAllAreServed(owners);
      const worked = await Promise.all(working.map((one) => one.stop()));

      console.log(`${name}: all owners served ${Math.round(tookMs)} ms after the broker answered again`);
      expect(tookMs).toBeLessThan(RECOVERY_LIMIT_MS);
      expect(working.map(({ repeated }) => repeated() > 0)).toEqual(owners.map(() => true));
      for (const [n, owner] of owners.entries()) {
        const wanted = ['before', 'after', ...(worked[n] ?? [])];
        expect((await titlesOf(owner)).toSorted()).toEqual(wanted.toSorted());
      }
    },
    TEST_MS,
  );
});
