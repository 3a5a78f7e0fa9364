import { SigningKeyList } from '@taskwire/contracts';
import { Command } from 'commander';
import { secondsOf } from './dead-letters/duration.js';
import { table } from './dead-letters/table.js';
import { InternalApi } from './internal-api.js';

type Print = (line: string) => void;

/** `taskwire keys list|rotate`: the keys that access tokens are signed with. */
export function keysCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  const command = new Command('keys').description('the keys that sign access tokens');
  command
    .command('list')
    .description('show each key that tokens may be signed with, and when that changes')
    .action(async () =>
      show(await new InternalApi('auth', env).get('/internal/keys', SigningKeyList), print),
    );
  command
    .command('rotate')
    .description(
      'make a new key, published at once, that signs when every service knows it; nobody is signed out',
    )
    .option('--after <duration>', 'when it signs; 15s is enough where only Taskwire verifies tokens', '6m')
    .action(async ({ after }: { after: string }) => {
      const body = { afterSeconds: secondsOf(after) };
      show(await new InternalApi('auth', env).ask('/internal/keys/rotate', body, SigningKeyList), print);
    });
  return command;
}

function show({ keys }: SigningKeyList, print: Print): void {
  const rows = keys.map(({ kid, phase, from, until }) => [kid, phase, from, until]);
  for (const line of table(['KEY', 'PHASE', 'SIGNS FROM', 'RETIRES'], rows)) print(line);
}
