import { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { plain } from '../dead-letters/table.js';
import { examine, type Found } from './examine.js';

type Print = (line: string) => void;

/** `taskwire doctor`: what is wrong with the running platform's settings, servers and clocks. */
export function doctorCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  return new Command('doctor')
    .description('what in settings, brokers, databases and clocks breaks a promise, and what to change')
    .option('--json', 'for programs')
    .action(async ({ json = false }: { json?: boolean }) => {
      const found = await examine(env);
      if (json) print(JSON.stringify(found, null, 2));
      else show(found, print);
      const refused = found.filter(({ level }) => level === 'refused').length;
      if (refused > 0) throw new CliError(`${refused} of this must be mended`);
    });
}

function show(found: readonly Found[], print: Print): void {
  for (const { level, what, why, change, from } of found) {
    print(`${level === 'refused' ? '!' : '~'} ${plain(what)} (${from.join(', ')})`);
    print(`    why:    ${plain(why)}`);
    print(`    change: ${plain(change)}`);
  }
  const refused = found.filter(({ level }) => level === 'refused').length;
  print(found.length === 0 ? 'all is well' : `${refused} refused, ${found.length - refused} warnings`);
}
