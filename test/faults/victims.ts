import type { BusName } from '../buses.ts';
import type { Random } from './random.ts';

const IN_HANDLER = 'taskwire.handler.finished';
const BEFORE_REPLY = 'taskwire.batch.committed';
const BEFORE_ACKNOWLEDGEMENT = 'taskwire.batch.replied';
const BEFORE_SENDING = 'taskwire.relay.sending';
const BEFORE_DELETING = 'taskwire.relay.sent';
const WAITING_FOR_REPLY = 'taskwire.request.stored';
const BEFORE_ANSWER = 'taskwire.request.ended';
const CONSUMING = [IN_HANDLER, BEFORE_REPLY, BEFORE_ACKNOWLEDGEMENT];
const RELAYING = [BEFORE_SENDING, BEFORE_DELETING];
const REQUESTING = [WAITING_FOR_REPLY, BEFORE_ANSWER];

/** Every named point. */
export const POINTS = [...CONSUMING, ...RELAYING, ...REQUESTING];

export type Shape = 'five processes' | 'one process';

export interface Victim {
  /** The process that ends. */
  readonly process: string;
  readonly points: readonly string[];
  readonly kills: number;
}

const FIVE: readonly Victim[] = [
  { process: 'task', points: [...CONSUMING, ...RELAYING], kills: 10 },
  { process: 'notification', points: [...CONSUMING, ...RELAYING], kills: 10 },
  { process: 'analytics', points: CONSUMING, kills: 6 },
  { process: 'auth', points: [...CONSUMING, ...RELAYING], kills: 5 },
  { process: 'gateway', points: REQUESTING, kills: 4 },
];
const ONE: readonly Victim[] = [
  { process: 'platform', points: [...CONSUMING, ...RELAYING, ...REQUESTING], kills: 15 },
];
/** On each broker, what differs from one bus to the other: mostly what the consumers had in hand. */
const FIVE_ON_BROKERS: readonly Victim[] = [
  { process: 'task', points: [...CONSUMING, ...RELAYING], kills: 8 },
  { process: 'notification', points: [...CONSUMING, ...RELAYING], kills: 7 },
  { process: 'analytics', points: CONSUMING, kills: 3 },
  { process: 'auth', points: [...CONSUMING, ...RELAYING], kills: 5 },
  { process: 'gateway', points: REQUESTING, kills: 2 },
];

/** One deployment, and who is killed in it where and how often. */
export interface CrashRun {
  readonly bus: BusName;
  readonly shape: Shape;
  readonly victims: readonly Victim[];
}

export const fiveProcesses = (bus: BusName): CrashRun => ({
  bus,
  shape: 'five processes',
  victims: bus === 'postgres' ? FIVE : FIVE_ON_BROKERS,
});

export const oneProcess: CrashRun = {
  ...{ bus: 'postgres', shape: 'one process' },
  victims: ONE,
};

/**
 * Kills at one point of one process: a message that five deaths in quarantine are put down to is given up, as it should be,
 * and with little to do a process may have the same one in hand each time.
 */
const MOST_OF_ONE = 5;

/** Kills at one point alone, shared out among the processes that come there. */
export function victimsAt(point: string, kills: number, random: Random): Victim[] {
  const able = FIVE.filter(({ points }) => points.includes(point)).map(({ process }) => process);
  const shares = new Map(able.map((process) => [process, 1]));
  const most = Math.max(MOST_OF_ONE, Math.ceil(kills / able.length));
  for (let n = able.length; n < kills; n += 1) {
    const process = random.pick(able.filter((one) => (shares.get(one) ?? 0) < most));
    shares.set(process, (shares.get(process) ?? 0) + 1);
  }
  return [...shares].map(([process, share]) => ({ process, points: [point], kills: share }));
}
