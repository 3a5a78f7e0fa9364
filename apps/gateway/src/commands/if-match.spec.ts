import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@taskwire/service';
import { versionFromIfMatch } from './if-match.js';

const codeOf = (header: string | undefined, need: 'required' | 'optional') => {
  try {
    return versionFromIfMatch(header, need);
  } catch (error) {
    return error instanceof ProblemError ? error.code : error;
  }
};

describe('versionFromIfMatch', () => {
  it.each([
    ['"7"', 'required', 7],
    ['"7"', 'optional', 7],
    [undefined, 'optional', null],
    ['*', 'optional', null],
    [undefined, 'required', 'if_match_required'],
    ['*', 'required', null],
    [' * ', 'required', null],
    ['W/"7"', 'required', 'version_conflict'],
    ['"abc"', 'required', 'version_conflict'],
    ['"0"', 'required', 'version_conflict'],
    ['7', 'required', 'bad_request'],
    ['"7", "7"', 'required', 7],
    ['"7",W/"8" , "abc, d"', 'required', 7],
    ['W/"7", "abc"', 'required', 'version_conflict'],
    ['"7", "8"', 'required', 'bad_request'],
    ['"7", *', 'required', 'bad_request'],
    ['"7" "8"', 'required', 'bad_request'],
    ['', 'required', 'version_conflict'],
  ] as const)('reads %p, %s, as %p', (header, need, expected) => {
    expect(codeOf(header, need)).toBe(expected);
  });
});
