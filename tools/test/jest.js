import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from '../workspaces.js';
import { run } from './command.js';

const SLOWEST = 15;

const none = { passed: 0, failed: 0, skipped: 0 };

function countsOf(report) {
  return {
    passed: report.numPassedTests,
    // A file that could not be run at all holds no failed test, and is a failure all the same.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Where the time of a run went: it has a limit. */
function slowest(files) {
  const seconds = files.map(({ name, startTime, endTime }) => [(endTime - startTime) / 1000, name]);
  const lines = seconds
    .sort(([a], [b]) => b - a)
    .slice(0, SLOWEST)
    .map(([took, name]) => `${took.toFixed(1).padStart(7)} s  ${relative(root, name)}`);
  return ['Slowest files:', ...lines];
}

/** Runs Jest, showing its output, and counts from the report that it writes. */
export async function jest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'taskwire-jest-'));
  const report = join(folder, 'report.json');
  try {
    const { code } = await run(
      'jest/bin/jest.js',
      ['--json', `--outputFile=${report}`, '--silent=false', ...args],
      { show: true, env },
    );
    const found = existsSync(report) && JSON.parse(readFileSync(report, 'utf8'));
    if (found) console.log(slowest(found.testResults).join('\n'));
    const counts = found ? countsOf(found) : none;
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
