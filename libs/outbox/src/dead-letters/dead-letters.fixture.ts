import type { GroupSettings } from '@taskwire/messaging';
import { EVENTS, happened, parse, runOf, type TestStore } from '../store.fixture.js';
import type { ReplayPlan } from './dead-letters.js';

export const ADA = { actor: 'ada', traceId: 'trace-1' };
export const CONTINUE: GroupSettings = { ...EVENTS, afterDead: 'continue' };

/** As after a fault of the handler that every attempt met; the store under test has one pause of 0 ms. */
const broken = runOf(() => Promise.reject(new Error('broken')));

/** Makes the first event dead; the others of its key wait behind it. */
export async function makeDead(
  db: TestStore,
  ids: readonly string[],
  key: string | null = 'owner',
  group: GroupSettings = EVENTS,
): Promise<void> {
  const deliveries = ids.map((id) => happened({ id, key, partition: 0, payload: { key: key ?? id, n: id } }));
  await db.store.process(group, deliveries, broken, true);
  await db.store.drain(group, broken, parse);
}

/** What would run and after how long, what would not and why. */
export const shape = ({ steps }: ReplayPlan) =>
  steps.map(({ id, verdict, afterMs }) => [id, verdict, afterMs]);

/** Makes everything due that was replayed, whatever the rate: tests wait for no clock. */
export const skipWaits = (db: TestStore) =>
  db.query(`update parked_messages set due = clock_timestamp() where state = 'retry'`);
