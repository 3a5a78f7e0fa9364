import { describe, expect, it } from '@jest/globals';
import { endingProblem } from './ending-problem.js';

describe('endingProblem', () => {
  it('answers a rejection with its own code, which a new key would not change', () => {
    expect(endingProblem('rejected', { code: 'version_conflict', detail: 'it is at version 4' })).toEqual({
      code: 'version_conflict',
      detail: 'it is at version 4',
    });
  });

  it.each([
    ['failed' as const, { code: 'contract_mismatch', detail: 'no title' }, 'contract_mismatch', 'no title'],
    ['failed' as const, { code: 'Error', detail: 'division by zero' }, 'failed', 'division by zero'],
    ['failed' as const, null, 'failed', undefined],
    ['expired' as const, null, 'expired', undefined],
    ['cancelled' as const, { code: 'cancelled' }, 'cancelled', 'cancelled'],
    ['rejected' as const, { code: 'not_known_here' }, 'failed', 'not_known_here'],
  ])('says of %s %p that a new key is needed', (status, problem, code, reason) => {
    const answered = endingProblem(status, problem);

    expect(answered.code).toBe(code);
    expect(answered.detail).toMatch(/use a new one$/);
    if (reason !== undefined) expect(answered.detail).toContain(reason);
  });
});
