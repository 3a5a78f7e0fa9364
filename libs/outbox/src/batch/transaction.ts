import { type Delivery, type GroupSettings, type Outcome, type Run } from '@taskwire/messaging';
import { look } from '../inbox/look.js';
import { OutgoingBuffer, type OutgoingOptions } from '../outgoing/buffer.js';
import { storeChanges } from '../outgoing/store-changes.js';
import type { ParkedLimit } from '../parked/parked-limit.js';
import type { StoreSettings } from '../settings.js';
import type { SqlExecutor, SqlRunner, SqlTransaction } from '../sql/executor.js';
import { inboxLock, lock } from '../sql/locks.js';
import { runSingly, runTogether } from './run-messages.js';
import { Settlement, type Stopped } from './settlement.js';
import type { RunningMarks } from './suspects.js';
import { triage } from './triage.js';

/** What every transaction of a store has in common. */
export interface StoreParts {
  readonly executor: SqlExecutor;
  readonly settings: StoreSettings;
  readonly outgoing: OutgoingOptions;
  readonly limit: ParkedLimit;
  /** Called after a commit that stored rows for the relay. */
  readonly onOutgoing: () => void;
}

export interface Batch {
  readonly group: GroupSettings;
  readonly run: Run;
  readonly last: boolean;
  readonly stopped: Map<string, Stopped>;
  readonly marks: RunningMarks;
}

/** `quarantined`: singly, and nothing else runs in the process. `known`: singly, and no handler runs. */
export type Mode = 'together' | 'singly' | 'quarantined' | 'known';

/** The transaction of a batch; the order of its steps is what keeps messages once and in order (see the README). */
export async function runTransaction(
  parts: StoreParts,
  batch: Batch,
  deliveries: readonly Delivery[],
  mode: Mode,
): Promise<ReadonlyMap<Delivery, Outcome>> {
  const { group, run, last, marks } = batch;
  const { settings } = parts;
  const stopped = new Map(batch.stopped);
  const settlement = new Settlement(group, settings.retryMs[0] ?? 0, stopped);
  const places = deliveries.map((delivery) => delivery.message);
  const mark = (sql: SqlRunner) => marks.mark(sql, places, mode === 'quarantined');
  const sent = await parts.executor.transaction(
    async (tx, marked) => {
      const [, , seen] = await Promise.all([
        marked,
        lockBatch(tx, batch, deliveries),
        look(tx, group.subscriber, deliveries, settings.windowMs),
      ]);
      const alone = mode === 'quarantined' || mode === 'known';
      const toRun = triage(deliveries, seen, settlement, settings.processKills, alone);
      const buffer = new OutgoingBuffer(parts.outgoing);
      const running = { tx, run, buffer, handlerMs: settings.handlerMs };
      if (mode === 'together') await runTogether(running, toRun, settlement);
      else await runSingly(running, toRun, settlement, last);
      if (seen.some((s) => s.suspect)) await marks.forget(tx, settledIds(settlement));
      await settlement.storeParked(tx, parts.limit);
      const [, sent] = await Promise.all([settlement.storeEndings(tx), storeChanges(tx, buffer.changes())]);
      return sent;
    },
    mode === 'known' ? undefined : mark,
  );
  for (const [lane, by] of stopped) batch.stopped.set(lane, by);
  if (sent) parts.onOutgoing();
  return settlement.outcomes;
}

async function lockBatch(
  tx: SqlTransaction,
  { group, run }: Batch,
  deliveries: readonly Delivery[],
): Promise<void> {
  const partitions = deliveries.map(({ message: m }) => inboxLock(group.subscriber, m.topic, m.partition));
  const rows = deliveries.flatMap(({ message, fault }) => (fault ? [] : (run.locks?.(message) ?? [])));
  await Promise.all([lock(tx, 'inbox', partitions), rows.length > 0 && lock(tx, 'rows', rows)]);
}

function settledIds({ outcomes }: Settlement): string[] {
  return [...outcomes]
    .filter(([, outcome]) => outcome.kind !== 'again')
    .map(([delivery]) => delivery.message.id);
}
