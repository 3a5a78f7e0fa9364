import { addressTable } from './addresses.js';
import { explain } from './explain.js';
import { notes } from './notes.js';
import { startPlatform } from './platform.js';
import { INTERRUPTED, stopOnSignals } from './signals.js';

const stop = new AbortController();
let isReady = false;
const starting = startPlatform(process.env, console.log, stop.signal);

stopOnSignals(async () => {
  stop.abort();
  // A start that fails or is stopped has ended what it had started.
  const platform = await starting.catch(() => undefined);
  await platform?.close();
  return isReady ? 0 : INTERRUPTED;
});
try {
  const platform = await starting;
  isReady = !stop.signal.aborted;
  if (isReady) console.log(`Taskwire is ready.\n${addressTable(platform.settings, notes(platform))}`);
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(explain(error));
    process.exit(1);
  }
}
