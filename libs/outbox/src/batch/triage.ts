import type { Delivery, Outcome } from '@taskwire/messaging';
import type { Seen } from '../inbox/look.js';
import { failureOfFault, PROCESS_DIED } from '../parked/failure.js';
import type { Settlement } from './settlement.js';

/** Messages that were running when their process died: each has to run in quarantine. */
export class SuspectsFound extends Error {
  override readonly name = 'SuspectsFound';
  constructor(readonly suspects: ReadonlySet<Delivery>) {
    super(`${suspects.size} messages were running when their process died`);
  }
}

/**
 * Settles what needs no handler, in the order of the batch, and answers the rest. Of several copies of an id only the
 * first is to run; the others are left to whoever answers copies.
 */
export function triage(
  deliveries: readonly Delivery[],
  seen: readonly Seen[],
  settlement: Settlement,
  mostKills: number,
  quarantined: boolean,
): Delivery[] {
  const run: Delivery[] = [];
  const suspects = new Set<Delivery>();
  for (const [index, delivery] of deliveries.entries()) {
    const known = seen[index];
    if (!known) throw new Error(`the look at a batch of ${deliveries.length} answered ${seen.length} rows`);
    const outcome = outcomeOf(delivery, known);
    if (outcome) settlement.outcomes.set(delivery, outcome);
    else if (!settleWithoutHandler(delivery, known, settlement, mostKills)) {
      run.push(delivery);
      if (known.suspect) suspects.add(delivery);
    }
  }
  if (suspects.size > 0 && !quarantined) throw new SuspectsFound(suspects);
  return run;
}

/** What was settled before. */
function outcomeOf({ message }: Delivery, seen: Seen): Outcome | null {
  if (seen.ending !== null) {
    const { ending, reply, problem } = seen;
    if (!sameRequest(seen.requestHash, message.requestHash)) return { kind: 'conflict' };
    return { kind: 'ended', ending, reply, problem, repeated: true };
  }
  if (seen.parked) return { kind: 'parked', state: 'already' };
  return seen.tooOld ? { kind: 'too-old' } : null;
}

/** `expired` and `cancelled` were stored without a hash, which fits every request. */
function sameRequest(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}

function settleWithoutHandler(
  delivery: Delivery,
  seen: Seen,
  settlement: Settlement,
  mostKills: number,
): boolean {
  const { message, fault } = delivery;
  const stopped = settlement.stoppedBy(delivery);
  if (message.kind === 'event' && (seen.blocked || stopped === 'parked')) settlement.wait(delivery);
  else if (stopped === 'failed') settlement.again(delivery, undefined);
  else if (message.kind === 'command' && seen.pastDeadline) {
    settlement.end(delivery, 'expired', null, { code: 'expired' });
  } else if (fault?.code === 'unknown_type' && message.kind === 'command') {
    settlement.end(delivery, 'rejected', null, { code: fault.code });
  } else if (fault) settlement.die(delivery, failureOfFault(fault), fault.code);
  else if (seen.kills >= mostKills) settlement.die(delivery, PROCESS_DIED);
  else return false;
  return true;
}
