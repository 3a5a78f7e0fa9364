import { describe, expect, it } from '@jest/globals';
import { phasesOf } from './key-phases.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const said = (signsFrom: number[], now: number) =>
  phasesOf(
    signsFrom.map((from) => ({ signsFrom: from })),
    now,
  ).map(({ phase, until }) => (until === null ? phase : `${phase} until ${(until - HOUR) / MINUTE} min`));

describe('keys', () => {
  it.each([
    ['one alone', [0], HOUR, ['signing']],
    ['one alone whose time has not come', [2 * HOUR], HOUR, ['signing']],
    ['a next one', [0, HOUR], HOUR - 1, ['signing until 15 min', 'next']],
    ['at the change', [0, HOUR], HOUR, ['retiring until 15 min', 'signing']],
    [
      'before the last tokens have expired',
      [0, HOUR],
      HOUR + 15 * MINUTE - 1,
      ['retiring until 15 min', 'signing'],
    ],
    ['after that', [0, HOUR], HOUR + 15 * MINUTE, ['retired until 15 min', 'signing']],
    [
      'two changes',
      [0, HOUR, 2 * HOUR],
      2 * HOUR,
      ['retired until 15 min', 'retiring until 75 min', 'signing'],
    ],
    ['a change whose time nobody noted', [0, 0], HOUR, ['retiring', 'signing']],
  ])('%s', (_, keys, now, phases) => {
    expect(said(keys, now)).toEqual(phases);
  });
});
