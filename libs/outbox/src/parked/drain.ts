import type { Run } from '@taskwire/messaging';
import { KnownFault } from '../batch/run-messages.js';
import { MarksLeft } from '../batch/suspects.js';
import type { StoreParts } from '../batch/transaction.js';
import { processGate } from '../batch/process-gate.js';
import { EndedMeanwhile } from '../inbox/endings.js';
import { asInfrastructure, isInfrastructure, isRunAgain } from '../sql/faults.js';
import { type Drain, drainLane, type LaneMode, placesOf, SuspectParked } from './drain-lane.js';
import { type DueLane, dueLanes } from './rows.js';

/** Runs what is parked and due, lane by lane. Answers how many messages were settled. */
export async function drainParked(parts: StoreParts, drain: Drain): Promise<number> {
  const { subscriber } = drain.group;
  try {
    let settled = 0;
    for (const lane of await dueLanes(parts.executor, subscriber, parts.settings.drainBatch)) {
      settled += await drainOne(parts, drain, lane);
    }
    return settled;
  } catch (error) {
    throw asInfrastructure(error);
  }
}

/** Together, else its first row alone. A collision with another transaction is left to the next round. */
async function drainOne(parts: StoreParts, drain: Drain, lane: DueLane): Promise<number> {
  try {
    return await processGate.beside(() =>
      afterOthers(parts, drain, lane, parts.settings.drainBatch, 'together'),
    );
  } catch (error) {
    const again = await leaveToNextRound(parts, drain, lane, error);
    if (again) return 0;
    const first = { ...lane, ids: lane.ids.slice(0, 1) };
    if (error instanceof SuspectParked)
      return processGate.alone(() => drainFirst(parts, drain, first, 'quarantined'));
    return processGate.beside(() => drainFirst(parts, drain, first, 'together'));
  }
}

async function drainFirst(parts: StoreParts, drain: Drain, lane: DueLane, mode: LaneMode): Promise<number> {
  try {
    return await afterOthers(parts, drain, lane, 1, mode);
  } catch (error) {
    if (error instanceof SuspectParked || (await leaveToNextRound(parts, drain, lane, error))) return 0;
    const run: Run = () => Promise.reject(new KnownFault(error));
    return drainLane(parts, { ...drain, run }, lane, 1, 'known');
  }
}

/** Once more, when another process had run the same lane before. */
async function afterOthers(
  parts: StoreParts,
  drain: Drain,
  lane: DueLane,
  size: number,
  mode: LaneMode,
): Promise<number> {
  try {
    return await drainLane(parts, drain, lane, size, mode);
  } catch (error) {
    if (!(error instanceof MarksLeft)) throw error;
    await drain.marks.blame(parts.executor, error, placesOf(lane));
    return drainLane(parts, drain, lane, size, mode);
  }
}

async function leaveToNextRound(
  parts: StoreParts,
  drain: Drain,
  lane: DueLane,
  error: unknown,
): Promise<boolean> {
  if (isInfrastructure(error)) {
    await drain.marks.unmark(parts.executor, placesOf(lane)).catch(() => undefined);
    throw error;
  }
  if (!(error instanceof EndedMeanwhile || error instanceof MarksLeft) && !isRunAgain(error)) return false;
  await drain.marks.unmark(parts.executor, placesOf(lane));
  return true;
}
