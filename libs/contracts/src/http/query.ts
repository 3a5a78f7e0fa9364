import { z } from 'zod';

const DIGITS = /^\d{1,15}$/;

/** A whole number of a query, in plain decimal digits: what only JavaScript reads as one (`1e3`, `0x10`, nothing) is none. */
export function queryInteger(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.preprocess(
    (text) => (typeof text === 'string' && DIGITS.test(text) ? Number(text) : text),
    z.int({ error: 'must be a whole number in decimal digits' }).min(min).max(max),
  );
}
