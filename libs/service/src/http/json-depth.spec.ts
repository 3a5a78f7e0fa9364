import { expect, it } from '@jest/globals';
import { isDeeperThan } from './json-depth.js';

it.each([
  ['[[1]]', false],
  ['[[[1]]]', true],
  ['{"a":[{}]}', true],
  ['[[],[],[[]]]', true],
  ['[[],[],[]]', false],
  ['{"a":"[[[["}', false],
  ['["\\"[[[", "\\\\"]', false],
  ['["\\\\", [[]]]', true],
  ['1', false],
  ['', false],
  ['[[', false],
])('%s has more than two levels: %p', (text, deeper) => {
  expect(isDeeperThan(2, text)).toBe(deeper);
});
