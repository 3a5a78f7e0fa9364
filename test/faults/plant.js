/**
 * Loaded with `--import` into a process under test: gives it the bug that PLANTED names, by a change of the platform's
 * modules as they are loaded. A checker that finds nothing then would find nothing at all.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** File, what it says, and what it says instead. */
const BUGS = {
  'skips the inbox': [
    [
      'libs/outbox/dist/inbox/look.js',
      'from inbox where subscriber = $1 and id = m.id limit 1) i',
      'from inbox where false limit 1) i',
    ],
    ['libs/outbox/dist/inbox/endings.js', 'if (stored < endings.length) throw', 'if (stored < 0) throw'],
  ],
  'deletes before it sends, and every other one late': [
    [
      'libs/outbox/dist/relay/pass.js',
      'const results = lease.owns()',
      'await executor.execute(`delete from outbox where seq = any($1::text[]::bigint[])`, [rows.map((row)=>row.seq)]); const results = lease.owns()',
    ],
    [
      'libs/outbox/dist/relay/rows.js',
      'from outbox o where',
      "from outbox o where (o.seq % 2 = 0 or o.created_at < clock_timestamp() - interval '5 s') and",
    ],
  ],
};

const changes = BUGS[process.env.PLANTED];

registerHooks({
  load(url, context, nextLoad) {
    const own = changes.filter(([file]) => url.endsWith(file));
    if (own.length === 0) return nextLoad(url, context);
    let source = readFileSync(fileURLToPath(url), 'utf8');
    for (const [file, from, to] of own) {
      if (!source.includes(from)) throw new Error(`${file} no longer says: ${from}`);
      source = source.replace(from, () => to);
    }
    return { format: 'module', source, shortCircuit: true };
  },
});
