import { describe, expect, it } from '@jest/globals';
import { isKnown } from './if-none-match.js';

describe('isKnown', () => {
  it.each([
    ['"2"', '"2"', true],
    ['"2"', '"1", W/"2"', true],
    ['W/"2"', '"2"', true],
    ['"2"', '*', true],
    ['"2"', '"1"', false],
    ['"2"', undefined, false],
    [undefined, '*', false],
  ])('of %p, to a client with %p: %p', (etag, ifNoneMatch, known) => {
    expect(isKnown(etag, ifNoneMatch)).toBe(known);
  });
});
