/** The line that says how a run ended, which may be all that is read of it: a failed check counts as a failure too. */
export function summary({ passed, failed, skipped }, failedChecks) {
  const line = `${passed} passed, ${failed + failedChecks.length} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}
