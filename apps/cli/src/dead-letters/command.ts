import { Command } from 'commander';
import { SERVICE_NAMES } from '../services.js';
import { audit, type AuditOptions } from './audit.js';
import type { Context } from './context.js';
import { discard } from './discard.js';
import { edit, type EditOptions } from './edit.js';
import { list, type ListOptions } from './list.js';
import { replay, type ReplayCommandOptions } from './replay.js';
import { show } from './show.js';

const SUBSCRIBER = 'who could not handle it, for example notification.tasks';

/** `taskwire dead-letters`: messages that could not be handled, and those that wait behind them. */
export function deadLetters(env: NodeJS.ProcessEnv, print: (line: string) => void): Command {
  const context: Context = { env, print };
  const group = new Command('dead-letters')
    .description('messages that could not be handled: look, repair, run again, give up')
    .addHelpText('after', EXAMPLES);
  const command = (name: string, description: string): Command =>
    group
      .command(name)
      .description(description)
      .option('--service <name>', `${SERVICE_NAMES.join(', ')}; default: as the subscriber says`);
  const filtered = (one: Command): Command =>
    one
      .option('--type <name>', 'for example task.created.v1')
      .option('--key <key>', 'the key that orders them, usually a user id')
      .option('--older-than <duration>', 'parked for longer than 90s, 10m, 2h, 7d')
      .option('--after <number>', 'go on where the page before ended')
      .option('--limit <number>', 'at most 500', '100')
      .option('--json', 'for programs');

  filtered(command('list', 'what is parked, in its order, and how much of it'))
    .argument('[subscriber]', SUBSCRIBER)
    .option('--state <state>', 'dead, retry (runs again by itself) or waiting (behind one of its key)')
    .action((subscriber: string | undefined, options: ListOptions) => list(context, subscriber, options));
  command('show', 'all there is of a message: why it failed, what waits behind it, headers and body')
    .argument('<subscriber>', SUBSCRIBER)
    .argument('<id>', 'as list shows it')
    .option('--json', 'for programs')
    .action((subscriber: string, id: string, options: object) => show(context, subscriber, id, options));
  filtered(command('replay', 'run dead messages again: says what would run; with --yes it does'))
    .argument('[subscriber]', SUBSCRIBER)
    .argument('[id]', 'this one; else all dead ones that fit')
    .option('--yes', 'do it')
    .option('--rate <number>', 'messages in a second, below the setting REPLAY_PER_SECOND')
    .option('--reason <text>', 'for the audit')
    .action((subscriber: string | undefined, id: string | undefined, options: ReplayCommandOptions) =>
      replay(context, subscriber, id, options),
    );
  command('discard', 'give messages up for good; what waits behind them goes on')
    .argument('<subscriber>', SUBSCRIBER)
    .argument('<ids...>', 'as list shows them')
    .requiredOption('--reason <text>', 'for the audit')
    .action((subscriber: string, ids: string[], options: { reason: string }) =>
      discard(context, subscriber, ids, options),
    );
  command('edit', 'give a message another payload, in $EDITOR or from a file; it stays in its place')
    .argument('<subscriber>', SUBSCRIBER)
    .argument('<id>', 'as list shows it')
    .option('--payload <file>', 'JSON; - reads standard input')
    .option('--type <name>', 'where it has none that the subscriber handles')
    .option('--reason <text>', 'for the audit')
    .action((subscriber: string, id: string, options: EditOptions) => edit(context, subscriber, id, options));
  command('audit', 'who did what, newest first')
    .argument('[subscriber]', SUBSCRIBER)
    .argument('[id]', 'of one message only')
    .option('--action <action>', 'replay, discard or edit')
    .option('--actor <id>', 'a user id, or "internal token"')
    .option('--before <number>', 'go on where the page before ended')
    .option('--limit <number>', 'at most 500', '100')
    .option('--originals', 'with what was replaced or removed, as JSON; kept for 30 days')
    .option('--json', 'for programs')
    .action((subscriber: string | undefined, id: string | undefined, options: AuditOptions) =>
      audit(context, subscriber, id, options),
    );
  return group;
}

const EXAMPLES = `
Examples:
  taskwire dead-letters list                                       all services
  taskwire dead-letters list notification.tasks --state dead --older-than 1h
  taskwire dead-letters show notification.tasks 0193f5c2-...
  taskwire dead-letters edit notification.tasks 0193f5c2-... --payload fixed.json --reason "null title"
  taskwire dead-letters replay notification.tasks 0193f5c2-...     what would happen
  taskwire dead-letters replay notification.tasks --type task.created.v1 --yes
  taskwire dead-letters discard notification.tasks 0193f5c2-... --reason "sent by mistake"

The runbook is docs/runbooks/dead-letters.md.`;
