import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { openDataFolder } from './data-folder.js';
import { dataIn, outsideFolder } from './postgres/places.js';
import { copiedPrograms, removePrograms } from './postgres/programs.js';
import { stopServer } from './postgres/server-process.js';
import { explain } from './explain.js';
import { readSettings } from './settings.js';

async function isSure(folders: string[]): Promise<boolean> {
  if (process.argv.includes('--yes')) return true;
  const question = `Delete all accounts, tasks and keys in ${folders.join(' and ')}? Type "yes": `;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Without anybody to ask, the input ends before an answer: that is no.
  const noAnswer = once(terminal, 'close').then(() => '');
  const answer = await Promise.race([terminal.question(question), noAnswer]);
  terminal.close();
  return answer.trim() === 'yes';
}

/** Not asked for: there is no data in them. */
async function resetPrograms(): Promise<void> {
  const programs = await copiedPrograms();
  if (programs === undefined) return;
  if (removePrograms(programs)) console.log(`Deleted ${programs}, a copy of the programs of PostgreSQL.`);
  else console.log(`Kept ${programs}: a PostgreSQL of another data folder runs from it.`);
}

async function reset(): Promise<void> {
  const { dataFolder } = readSettings(process.env);
  const folders = [dataFolder, outsideFolder(dataFolder)].filter((folder) => existsSync(folder));
  if (folders.length === 0) {
    console.log(`There is nothing in ${dataFolder}.`);
    return;
  }
  const release = openDataFolder(dataFolder);
  try {
    if (!(await isSure(folders))) {
      console.log('Nothing was deleted.');
      return;
    }
    // A server that outlived its platform, by a crash.
    await stopServer(dataIn(join(dataFolder, 'postgres')));
    await stopServer(dataIn(outsideFolder(dataFolder)));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    console.log(`Deleted ${folders.join(' and ')}.`);
    await resetPrograms();
  } finally {
    release();
  }
}

try {
  await reset();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
