import type { Delivery, GroupSettings, Outcome, Run } from '@taskwire/messaging';
import { asInfrastructure } from '../sql/faults.js';
import { BatchSettler } from './settle-batch.js';
import type { RunningMarks } from './suspects.js';
import type { StoreParts } from './transaction.js';

/**
 * Settles a batch as it came: with copies. Exact copies share what became of the first; the same id with another request
 * hash is looked at after the first was settled.
 */
export async function processBatch(
  parts: StoreParts,
  marks: RunningMarks,
  group: GroupSettings,
  deliveries: readonly Delivery[],
  run: Run,
  last: boolean,
): Promise<readonly Outcome[]> {
  const { first, variants, firstOf } = sortCopies(deliveries);
  const settler = (): BatchSettler =>
    new BatchSettler(parts, { group, run, last, stopped: new Map(), marks });
  try {
    const outcomes = await settler().settle(first);
    const settled = variants.filter((variant) => outcomes.get(firstById(first, variant))?.kind !== 'again');
    for (const [variant, outcome] of await settler().settle(settled)) outcomes.set(variant, outcome);
    return deliveries.map((delivery) => {
      const outcome = outcomes.get(firstOf(delivery)) ?? { kind: 'again', error: undefined };
      return firstOf(delivery) === delivery ? outcome : ofCopy(outcome);
    });
  } catch (error) {
    throw asInfrastructure(error);
  }
}

interface Copies {
  /** The first delivery of each id. */
  readonly first: readonly Delivery[];
  /** The first delivery of each further request hash of an id. */
  readonly variants: readonly Delivery[];
  firstOf(delivery: Delivery): Delivery;
}

function sortCopies(deliveries: readonly Delivery[]): Copies {
  const byRequest = new Map<string, Delivery>();
  const ids = new Set<string>();
  const first: Delivery[] = [];
  const variants: Delivery[] = [];
  for (const delivery of deliveries) {
    const request = requestOf(delivery);
    if (byRequest.has(request)) continue;
    byRequest.set(request, delivery);
    (ids.has(delivery.message.id) ? variants : first).push(delivery);
    ids.add(delivery.message.id);
  }
  return { first, variants, firstOf: (delivery) => byRequest.get(requestOf(delivery)) ?? delivery };
}

const requestOf = ({ message }: Delivery): string => JSON.stringify([message.id, message.requestHash]);

function firstById(first: readonly Delivery[], variant: Delivery): Delivery {
  return first.find(({ message }) => message.id === variant.message.id) ?? variant;
}

function ofCopy(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case 'ended':
      return { ...outcome, repeated: true };
    case 'parked':
      return { kind: 'parked', state: 'already' };
    case 'again':
      return { kind: 'again', error: undefined };
    case 'conflict':
    case 'too-old':
      return outcome;
  }
}
