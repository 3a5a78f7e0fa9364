import type { Delivery, GroupSettings, Run } from '@taskwire/messaging';
import { problemOf, runOne, type RunParts } from '../batch/run-messages.js';
import type { RunningMarks } from '../batch/suspects.js';
import type { Mode, StoreParts } from '../batch/transaction.js';
import { type NewEnding, storeEndings } from '../inbox/endings.js';
import { OutgoingBuffer } from '../outgoing/buffer.js';
import { storeChanges } from '../outgoing/store-changes.js';
import type { SqlRunner, SqlTransaction } from '../sql/executor.js';
import { inboxLock, lock } from '../sql/locks.js';
import { failureOf, failureOfFault, PROCESS_DIED } from './failure.js';
import { leaveLane } from './lane.js';
import type { Failure } from './park.js';
import { deliveryOf, type DueLane, type Parse, type ParkedRow, readLane } from './rows.js';
import { recordFailure } from './record-failure.js';

export interface Drain {
  readonly group: GroupSettings;
  readonly run: Run;
  readonly parse: Parse;
  readonly marks: RunningMarks;
}

/** Among the rows is one that was running when a process died: it has to run in quarantine. */
export class SuspectParked extends Error {
  override readonly name = 'SuspectParked';
}

/** `quarantined`: nothing else runs in the process. `known`: no handler runs. */
export type LaneMode = Exclude<Mode, 'singly'>;

interface Parsed {
  readonly row: ParkedRow;
  readonly delivery: Delivery;
}

/** Runs up to `size` rows of a lane in one commit. Answers how many left it. */
export async function drainLane(
  parts: StoreParts,
  drain: Drain,
  lane: DueLane,
  size: number,
  mode: LaneMode,
): Promise<number> {
  let sent = false;
  const mark = (sql: SqlRunner) => drain.marks.mark(sql, placesOf(lane), mode === 'quarantined');
  const left = await parts.executor.transaction(
    async (tx, marked) => {
      const [, , rows] = await Promise.all([
        marked,
        lock(tx, 'inbox', [inboxLock(lane.subscriber, lane.topic, lane.partition)]),
        readLane(tx, lane, size),
      ]);
      if (mode === 'together' && rows.some((row) => row.suspect))
        throw new SuspectParked('a parked message is a suspect');
      const parsed = rows.map((row) => ({ row, delivery: deliveryOf(row, drain.parse) }));
      await lockRows(tx, drain.run, parsed);
      const buffer = new OutgoingBuffer(parts.outgoing);
      const running = { tx, run: drain.run, buffer, handlerMs: parts.settings.handlerMs };
      const done = await runRows(parts, drain, lane, running, parsed);
      const endings = done.map(({ ending }) => ending);
      await storeEndings(tx, lane.subscriber, endings);
      await leaveLane(
        tx,
        lane,
        done.map(({ seq }) => seq),
        'delete',
      );
      if (rows.some((row) => row.suspect)) await drain.marks.forget(tx, lane.ids.slice(0, size));
      sent = await storeChanges(tx, buffer.changes());
      return done.length;
    },
    mode === 'known' ? undefined : mark,
  );
  if (sent) parts.onOutgoing();
  return left;
}

export const placesOf = ({
  topic,
  partition,
  ids,
}: DueLane): { topic: string; partition: number; id: string }[] =>
  ids.map((id) => ({ topic, partition, id }));

async function lockRows(tx: SqlTransaction, run: Run, parsed: readonly Parsed[]): Promise<void> {
  const names = parsed.flatMap(({ delivery: { message, fault } }) =>
    fault ? [] : (run.locks?.(message) ?? []),
  );
  if (names.length > 0) await lock(tx, 'rows', names);
}

interface Done {
  readonly seq: string;
  readonly ending: NewEnding;
}

async function runRows(
  parts: StoreParts,
  drain: Drain,
  lane: DueLane,
  running: RunParts,
  parsed: readonly Parsed[],
): Promise<Done[]> {
  const done: Done[] = [];
  for (const { row, delivery } of parsed) {
    const result = await runRow(parts, running, row, delivery);
    if ('failure' in result) {
      await recordFailure(running.tx, lane, row, result, drain.group.afterDead, parts.settings.retryMs);
      if (lane.key !== null) break;
    } else done.push({ seq: row.seq, ending: { message: { ...delivery.message, id: row.id }, ...result } });
  }
  return done;
}

type RowResult =
  | Pick<NewEnding, 'ending' | 'reply' | 'problem'>
  | { readonly failure: Failure; readonly dead: boolean };

async function runRow(
  parts: StoreParts,
  running: RunParts,
  row: ParkedRow,
  delivery: Delivery,
): Promise<RowResult> {
  if (delivery.fault) {
    // A newer version may have parked it, and this one drains during its rollout.
    const isFinal = delivery.fault.code !== 'unknown_type';
    return { failure: failureOfFault(delivery.fault), dead: isFinal };
  }
  if (row.kills >= parts.settings.processKills) return { failure: PROCESS_DIED, dead: true };
  const result = await runOne(running, delivery);
  if ('fault' in result) return { failure: failureOf(result.fault), dead: false };
  if ('reply' in result) return { ending: 'done', reply: result.reply ?? null, problem: null };
  return { ending: 'rejected', reply: null, problem: problemOf(result.rejection) };
}
