import type { SqlExecutor } from '../sql/executor.js';
import { asInfrastructure } from '../sql/faults.js';
import { listActions } from './actions.js';
import { discardParked, editParked } from './change.js';
import type { DeadLetters } from './dead-letters.js';
import { countParked, listParked, readParked } from './list.js';
import { replayParked } from './replay.js';

export function deadLetters(executor: SqlExecutor, replayPerSecond: number): DeadLetters {
  return {
    list: (filter = {}) => told(listParked(executor, filter)),
    count: (filter = {}) => told(countParked(executor, filter)),
    read: (subscriber, id) => told(readParked(executor, subscriber, id)),
    replay: (selection, act, options) =>
      told(replayParked(executor, replayPerSecond, selection, act, options)),
    discard: (subscriber, id, act) => told(discardParked(executor, subscriber, id, act)),
    edit: (subscriber, id, rewrite, act) => told(editParked(executor, subscriber, id, rewrite, act)),
    actions: (filter = {}) => told(listActions(executor, filter)),
  };
}

function told<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw asInfrastructure(error);
  });
}
