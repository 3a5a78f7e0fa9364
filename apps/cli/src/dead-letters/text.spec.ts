import { describe, expect, it } from '@jest/globals';
import { ageOf, secondsOf } from './duration.js';
import { table } from './table.js';

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7_200],
    ['7d', 604_800],
    ['0.5h', 1_800],
  ])('%s is %i seconds', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each(['', '5', '-1m', '1w', 'h'])('is not "%s"', (text) => {
    expect(() => secondsOf(text)).toThrow(/write 90s, 10m, 2h or 7d/);
  });
});

describe('an age', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  it.each([
    ['2026-11-24T11:59:50Z', '10s'],
    ['2026-11-24T11:30:00Z', '30m'],
    ['2026-11-24T02:00:00Z', '10h'],
    ['2026-11-14T12:00:00Z', '10d'],
    ['2026-11-24T12:00:09Z', '0s'],
    [null, '-'],
  ])('of %s is %s', (instant, age) => {
    expect(ageOf(instant, now)).toBe(age);
  });
});

it('a table has columns as wide as their widest cell', () => {
  const rows = [
    ['long name', 1, null],
    ['x', 22, 'and more'],
  ];
  expect(table(['A', 'B', 'C'], rows)).toEqual([
    'A          B   C',
    'long name  1   -',
    'x          22  and more',
  ]);
});
