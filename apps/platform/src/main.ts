import { addressTable } from './addresses.js';
import { explain } from './explain.js';
import { notes } from './notes.js';
import { type Platform, startPlatform } from './platform.js';
import { readSettings } from './settings.js';
import { stopOnSignals } from './signals.js';

let platform: Platform | undefined;
stopOnSignals(() => platform?.close);
try {
  const settings = readSettings(process.env);
  platform = await startPlatform(settings, process.env, console.log);

  console.log(`Taskwire is ready.\n${addressTable(settings, notes(settings, platform))}`);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
