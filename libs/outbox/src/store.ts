import { randomUUID } from 'node:crypto';
import { processBatch } from './batch/process.js';
import { RunningMarks, type Slot } from './batch/suspects.js';
import type { StoreParts } from './batch/transaction.js';
import { readCounts } from './counts.js';
import { deadLetters } from './dead-letters/open.js';
import { erase } from './erase.js';
import { endOperation, readOperation } from './operations.js';
import type { OutboxStore, StoreOptions } from './outbox-store.js';
import { drainParked } from './parked/drain.js';
import { ParkedLimit } from './parked/parked-limit.js';
import { storeSettings } from './settings.js';
import { write } from './write.js';

/**
 * Where messages take effect once, in a service's own database. Its tables come from `prisma/messaging.prisma` and
 * `prisma/migration.sql`, or from `install`. What it stores is sent by a relay: `createOutbox` makes both.
 */
export function createStore(options: StoreOptions): OutboxStore {
  const { executor } = options;
  const settings = storeSettings(options.settings);
  const parts: StoreParts = {
    executor,
    settings,
    outgoing: { source: options.source, partitions: options.partitions },
    limit: new ParkedLimit(settings.parkedLimit),
    onOutgoing: options.onOutgoing ?? (() => undefined),
  };
  const owner = randomUUID();
  const marks = (subscriber: string, slot: Slot): RunningMarks => new RunningMarks(subscriber, slot, owner);
  return {
    windowMs: settings.windowMs,
    process: (group, deliveries, run, last) =>
      processBatch(parts, marks(group.subscriber, 'batch'), group, deliveries, run, last),
    drain: (group, run, parse) =>
      drainParked(parts, { group, run, parse, marks: marks(group.subscriber, 'drain') }),
    write: (work, writeOptions = {}) => write(parts, work, writeOptions),
    readOperation: (subscriber, id) => readOperation(executor, subscriber, id),
    expire: (subscriber, id, times) => endOperation(executor, subscriber, id, 'expired', times),
    cancel: (subscriber, id, { firstSentAt }) =>
      endOperation(executor, subscriber, id, 'cancelled', { firstSentAt, deadline: null }),
    erase: (erasure) => erase(executor, erasure),
    counts: () => readCounts(executor),
    deadLetters: deadLetters(executor, settings.replayPerSecond),
  };
}
