import { setTimeout as delay } from 'node:timers/promises';
import { announce, DIAGNOSTICS } from '../diagnostics.js';
import type { Delivery, GroupSettings, Run } from '../store.js';
import { SPAN } from '../telemetry.js';
import type { BatchTrace } from './batch-trace.js';
import { conclude } from './conclude.js';
import { type PipelineParts, SubscriptionPaused } from './parts.js';

/** Pauses before the second and the third quick attempt of a message. No transaction is open meanwhile. */
const PAUSES_MS = [50, 200] as const;

/**
 * Settles deliveries: those that fail run again, at most three times in all, and what the store held back behind them on
 * their key waits with its own attempts still to come. Rejects when nothing more can be settled now.
 */
export async function settle(
  parts: PipelineParts,
  group: GroupSettings,
  run: Run,
  deliveries: readonly Delivery[],
  trace: BatchTrace,
): Promise<void> {
  const { breaker, store, instruments } = parts;
  const probing = breaker.probing;
  const failures = new Map<Delivery, number>();
  const failuresOf = (delivery: Delivery) => failures.get(delivery) ?? 0;
  let waiting = deliveries;
  while (waiting.length > 0) {
    const onLastAttempt = waiting.filter((delivery) => failuresOf(delivery) === PAUSES_MS.length);
    const last = onLastAttempt.length > 0;
    const batch = last ? onLastAttempt : waiting;
    const outcomes = await store.process(group, batch, run, last);
    const ended = outcomes.filter(({ kind }) => kind !== 'again').length;
    announce(DIAGNOSTICS.committed, ended);
    const again = await conclude(parts, batch, outcomes, trace);
    announce(DIAGNOSTICS.replied, ended);
    const failed = again.filter(({ error }) => error !== undefined);
    if (again.length > 0 && (last || (failed.length === 0 && again.length === batch.length))) {
      throw new Error(`${group.subscriber}: the store left ${again.length} messages unsettled`);
    }
    for (const { delivery } of failed) failures.set(delivery, failuresOf(delivery) + 1);
    const settled = new Set(batch);
    for (const { delivery } of again) settled.delete(delivery);
    waiting = waiting.filter((delivery) => !settled.has(delivery));
    if (waiting.length === 0) return;
    // So many keys fail that it is the place: their last attempts are kept for when it works again. A probe goes to the
    // end instead, so that each message ends some time even if its handler never works again.
    if (breaker.open && !probing) throw new SubscriptionPaused(group.subscriber);
    if (failed.length > 0) {
      instruments.retried({ [SPAN.group]: group.subscriber }, failed.length);
      await delay(PAUSES_MS[Math.max(...failed.map(({ delivery }) => failuresOf(delivery))) - 1]);
    }
  }
}
