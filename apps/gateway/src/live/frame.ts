import { EVENT_OF_KIND, type Notification } from '@taskwire/contracts';
import type { CloseReason } from './transport.js';

/**
 * Why a client has to read again what it shows. `behind`: it missed more than is sent again. `gone`: the feed no longer has
 * what it missed. `ahead`: the feed is that of an older backup.
 */
export type ResetReason = 'behind' | 'gone' | 'ahead';

/** What a live client gets: the entry's number, the name of the event that it tells of, and the entry. */
export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Notification | { readonly reason: ResetReason };
}

export interface ClosedFrame {
  readonly event: 'closed';
  readonly data: { readonly reason: CloseReason; readonly reconnectMs?: number };
}

const SOONEST_RECONNECT_MS = 1_000;
/** Over so long those come back that one gateway had. */
const RECONNECTS_WITHIN_MS = 5_000;
const COMES_BACK: ReadonlySet<CloseReason> = new Set(['shutdown', 'unavailable']);

export function frameOf(entry: Notification): Frame {
  return { id: entry.number, event: EVENT_OF_KIND[entry.kind], data: entry };
}

/** Comes instead of entries up to this number. */
export function resetFrame(id: number, reason: ResetReason): Frame {
  return { id, event: 'reset', data: { reason } };
}

/** The last that a client hears. Without an id: it resumes after the frame before. */
export function closedFrame(reason: CloseReason): ClosedFrame {
  if (!COMES_BACK.has(reason)) return { event: 'closed', data: { reason } };
  const reconnectMs = SOONEST_RECONNECT_MS + Math.floor(Math.random() * RECONNECTS_WITHIN_MS);
  return { event: 'closed', data: { reason, reconnectMs } };
}
