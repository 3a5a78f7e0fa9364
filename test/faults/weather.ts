import { setTimeout as sleep } from 'node:timers/promises';
import type { Stream, Toxic, ToxicType } from '@taskwire/testing';
import { type Deployment, STORES } from './deployment.ts';
import type { Random } from './random.ts';
import type { Servers } from './servers.ts';

/** Faults besides kills, one after the other, each for some time. */
const LONGEST_MS = 3_000;
/** Some silences last until whoever waits for a sign of life has noticed. */
const LONGEST_SILENCE_MS = 20_000;
const LONG_SILENCES = 1 / 4;
const PAUSE_MS = { from: 300, to: 2_000 };
const MOST_ADDED = 2;
const BROKER_RUNS_MS = 5_000;
const BROKER_IS_AWAY_MS = 2_000;

export interface Weather {
  /** Ends it, and answers when all is well again. */
  end(): Promise<void>;
  /** How often each fault was made. */
  readonly counts: Readonly<Record<string, number>>;
  /** Rejects when a fault can't be made or mended. */
  readonly failed: Promise<never>;
}

type Fault = readonly [name: string, make: () => Promise<void>];

/**
 * Cuts, delays and half-opens links; with `servers` it also restarts those, and adds and removes instances. Which and how
 * is drawn from `random`.
 */
export function startWeather(deployment: Deployment, random: Random, servers?: Servers): Weather {
  const counts: Record<string, number> = {};
  const added: (() => Promise<void>)[] = [];
  const ending = new AbortController();
  const wait = (ms: number) => sleep(ms, undefined, { signal: ending.signal }).catch(() => undefined);

  const toxic = async (name: ToxicType | 'down'): Promise<void> => {
    const { proxy } = random.pick(deployment.links);
    if (name === 'down') await proxy.down();
    else proxy.add(toxicOf(name, random), random.pick<Stream>(['upstream', 'downstream']));
    const isLong = name === 'timeout' && random.next() < LONG_SILENCES;
    await wait(random.int(200, isLong ? LONGEST_SILENCE_MS : LONGEST_MS));
    await proxy.heal();
  };
  const restart = (server: 'postgres' | 'broker') => async () => {
    await servers?.[server]?.kill();
    await wait(random.int(0, 1_000));
    await servers?.[server]?.start();
  };
  const addInstance = async (): Promise<void> => {
    if (added.length < MOST_ADDED) added.push(deployment.addInstance(random.pick(STORES)));
    await wait(LONGEST_MS);
  };
  const removeInstance = async (): Promise<void> => {
    await added.shift()?.();
  };
  const links = LINK_FAULTS.map((name): Fault => [name, () => toxic(name)]);
  const rest: Fault[] = servers
    ? [
        ['postgres restarted', restart('postgres')],
        ...(servers.broker && !servers.isCluster ? [['broker restarted', restart('broker')] as const] : []),
        ['instance added', addInstance],
        ['instance removed', removeInstance],
      ]
    : [];

  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const group = random.next() < 2 / 3 || rest.length === 0 ? links : rest;
      const [name, make] = random.pick(group);
      if (name === 'instance removed' && added.length === 0) continue;
      counts[name] = (counts[name] ?? 0) + 1;
      await make();
      await wait(random.int(PAUSE_MS.from, PAUSE_MS.to));
    }
  };
  /** Whatever else is bad: of several brokers, those that are left have to do. */
  const killBrokers = async (): Promise<void> => {
    for (;;) {
      await wait(BROKER_RUNS_MS);
      if (ending.signal.aborted) return;
      counts['broker killed'] = (counts['broker killed'] ?? 0) + 1;
      await servers?.broker?.kill();
      await wait(BROKER_IS_AWAY_MS);
      await servers?.broker?.start();
    }
  };
  const running = Promise.all([run(), ...(servers?.isCluster ? [killBrokers()] : [])]);
  const failed = running.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  return {
    counts,
    failed,
    end: async () => {
      ending.abort();
      await running;
      await Promise.all(added.map((remove) => remove()));
    },
  };
}

const LINK_FAULTS = [
  'latency',
  'down',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
] as const satisfies readonly (ToxicType | 'down')[];

function toxicOf(type: ToxicType, random: Random): Toxic {
  switch (type) {
    case 'latency':
      return { type, latency: random.int(5, 300), jitter: random.int(0, 100) };
    case 'bandwidth':
      return { type, rate: random.int(5, 200) };
    case 'slow_close':
      return { type, delay: random.int(100, 2_000) };
    case 'timeout':
      return { type, timeout: random.pick([0, 0, 500, 1_500]) };
    case 'reset_peer':
      return { type, timeout: random.int(0, 500) };
    case 'slicer':
      return { type, average_size: random.int(20, 200), size_variation: 15, delay: random.int(0, 2_000) };
    case 'limit_data':
      return { type, bytes: random.int(0, 20_000) };
  }
}
