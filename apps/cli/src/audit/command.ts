import { AuditPage } from '@taskwire/contracts';
import { Command } from 'commander';
import { table } from '../dead-letters/table.js';
import { InternalApi, operatorToken } from '../internal-api.js';
import { verify } from './verify.js';

type Print = (line: string) => void;

interface ListOptions {
  readonly user?: string;
  readonly after: string;
  readonly limit: string;
}

/** `taskwire audit verify|list`: what was done in auth, and that nobody changed the record of it. */
export function auditCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  const api = () => new InternalApi('auth', env, operatorToken(env));
  const command = new Command('audit').description('what was done with accounts, sessions and passwords');
  command
    .command('verify')
    .description('check that no entry was changed, removed or put in between')
    .option(
      '--expect <entry>',
      'an entry as an earlier run printed it, <number>:<hash>: it must still be there',
    )
    .action(async ({ expect }: { expect?: string }) => {
      const read = (after: number) => api().get('/internal/audit', AuditPage, { after });
      print(await verify(read, expect));
    });
  command
    .command('list')
    .description('show what was done, oldest first')
    .option('--user <id>', 'only what concerns this account')
    .option('--after <number>', 'behind this entry', '0')
    .option('--limit <n>', 'at most so many', '100')
    .action((options: ListOptions) => list(api(), options, print));
  return command;
}

async function list(api: InternalApi, { user, after, limit }: ListOptions, print: Print): Promise<void> {
  const query = { after, limit, subject: user };
  const { entries, next } = await api.get('/internal/audit', AuditPage, query);
  const rows = entries.map(({ seq, at, action, actor, subject, session, traceId, details, origin }) => [
    ...[seq, at, action, subject, actor, session, origin?.address ?? null],
    ...[traceId, details === '{}' ? null : details],
  ]);
  for (const line of table(HEADLINE, rows)) print(line);
  if (next !== null) print(`there may be more: --after ${next}`);
}

const HEADLINE = ['NUMBER', 'AT', 'ACTION', 'ACCOUNT', 'BY', 'SESSION', 'FROM', 'TRACE', 'DETAILS'];
