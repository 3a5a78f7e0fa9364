import { announce, DIAGNOSTICS, type Driver, SendError } from '@taskwire/messaging';
import type { SqlExecutor } from '../sql/executor.js';
import type { Lease } from './lease.js';
import { endSending, type Sending, sendingOf } from './message.js';
import { holdRows, type OutboxRow, partitionName, type RefusedRow } from './rows.js';

export interface PassResult {
  /** Rows that were sent, and are in the outbox until the next pass. */
  readonly sent: readonly OutboxRow[];
  /** Rows that leave the outbox. */
  readonly gone: number;
  /** As many rows were read as a pass takes: there may be more. */
  readonly full: boolean;
  /** Partitions of which rows were tried. */
  readonly sentTo: ReadonlySet<string>;
  /** Why the rows of a partition could not be sent now, by partition. */
  readonly failed: ReadonlyMap<string, SendError>;
  readonly refused: readonly RefusedRow[];
}

/** Sends rows in their order, in one call. */
export async function runPass(
  executor: SqlExecutor,
  driver: Pick<Driver, 'send'>,
  lease: Lease,
  rows: readonly OutboxRow[],
  size: number,
): Promise<PassResult> {
  const behind = rows.filter((row) => row.held).map((row) => ({ row, error: null }));
  const sendings = rows.filter((row) => !row.held).map(sendingOf);
  // Asked as late as possible: reading may have taken longer than the lease.
  const results = lease.owns() ? await send(driver, sendings) : undefined;
  if (!results) return { sent: [], gone: 0, full: false, sentTo: new Set(), failed: new Map(), refused: [] };
  const { confirmed, failed, refused } = sortResults(sendings, results);
  announce(DIAGNOSTICS.sent, confirmed.length);
  await holdRows(executor, lease, [...refused, ...behind]);
  const sentTo = new Set(sendings.map(({ row }) => partitionName(row)));
  const gone = confirmed.length + refused.length + behind.length;
  return { sent: confirmed, gone, full: rows.length === size, sentTo, failed, refused };
}

async function send(
  driver: Pick<Driver, 'send'>,
  sendings: readonly Sending[],
): Promise<readonly (SendError | undefined)[]> {
  if (sendings.length === 0) return [];
  announce(DIAGNOSTICS.sending, sendings.length);
  let results: readonly (SendError | undefined)[];
  try {
    results = await driver.send(sendings.map(({ message }) => message));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    results = sendings.map(() => new SendError('unknown', message, false, { cause }));
  }
  if (results.length !== sendings.length) {
    results = sendings.map(
      () => new SendError('unknown', 'the driver answered another number of results than messages'),
    );
  }
  for (const [index, sending] of sendings.entries()) endSending(sending, results[index]);
  return results;
}

/** The first failure of a partition decides: the driver stored nothing behind it. */
function sortResults(sendings: readonly Sending[], results: readonly (SendError | undefined)[]) {
  const confirmed: OutboxRow[] = [];
  const refused: RefusedRow[] = [];
  const failed = new Map<string, SendError>();
  const stopped = new Set<string>();
  for (const [index, { row }] of sendings.entries()) {
    const error = results[index];
    const partition = partitionName(row);
    if (!error) confirmed.push(row);
    else if (!stopped.has(partition)) {
      stopped.add(partition);
      if (error.permanent) refused.push({ row, error: error.message });
      else failed.set(partition, error);
    }
  }
  return { confirmed, refused, failed };
}
