import { requestQueue } from './package.js';

const CHECK_MS = 10;

/**
 * kafkajs 2.2.4 asks for a timer in the past after each answer (`-1 - Date.now()` while nothing is throttled), which Node
 * 24 reports as a TimeoutNegativeWarning (https://github.com/tulios/kafkajs/issues/1751). The same method, with a time
 * that is never negative; 0 and negative times both mean "as soon as possible", so nothing else changes.
 */
export function mendRequestQueue(): void {
  requestQueue().prototype.scheduleCheckPendingRequests = function schedule(): void {
    if (this.throttleCheckTimeoutId) return;
    const throttledMs = Math.max(0, this.throttledUntil - Date.now());
    const ms = throttledMs === 0 && this.pending.length > 0 ? CHECK_MS : throttledMs;
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, ms);
  };
}
