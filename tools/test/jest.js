import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.js';

const none = { passed: 0, failed: 0, skipped: 0 };

function countsOf(report) {
  return {
    passed: report.numPassedTests,
    // A file that could not be run at all holds no failed test, and is a failure all the same.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Runs Jest, showing its output, and counts from the report that it writes. */
export async function jest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'taskwire-jest-'));
  const report = join(folder, 'report.json');
  try {
    const { code } = await run(
      'jest/bin/jest.js',
      ['--json', `--outputFile=${report}`, '--silent=false', ...args],
      {
        show: true,
        env: { ...env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
      },
    );
    const counts = existsSync(report) ? countsOf(JSON.parse(readFileSync(report, 'utf8'))) : none;
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});
