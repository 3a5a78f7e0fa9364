import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
type Summary = (counts: Counts, failedChecks: string[]) => string;

const { summary } = (await import(join(import.meta.dirname, 'summary.js'))) as { summary: Summary };

describe('the last line of npm test', () => {
  it.each([
    [{ passed: 7, failed: 0, skipped: 0 }, [], '7 passed, 0 failed'],
    [{ passed: 7, failed: 1, skipped: 2 }, [], '7 passed, 1 failed, 2 skipped'],
    [{ passed: 7, failed: 0, skipped: 0 }, ['lint', 'types'], '7 passed, 2 failed'],
  ])('counts %j with failed checks %j as %s', (counts, failedChecks, line) => {
    expect(summary(counts, failedChecks)).toBe(line);
  });
});
