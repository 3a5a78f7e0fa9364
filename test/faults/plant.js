/**
 * Loaded with `--import` into a process under test: gives it the bug that PLANTED names, by a change of the platform's
 * modules as they are loaded. A checker that finds nothing then would find nothing at all.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const BUGS = {
  'acknowledges before the commit': {
    'libs/messaging/dist/src/pipeline/pipeline.js': [
      'await trace.within(()=>settle(this.parts, this.#group, this.#run, portion, trace));',
      'setTimeout(()=>trace.within(()=>settle(this.parts, this.#group, this.#run, portion, trace)), 50);',
    ],
  },
  'forgets what it has done': {
    'libs/outbox/dist/inbox/look.js': [
      'from inbox where subscriber = $1 and id = m.id limit 1) i',
      'from inbox where false limit 1) i',
    ],
    'libs/outbox/dist/inbox/endings.js': ['if (stored < endings.length) throw', 'if (stored < 0) throw'],
  },
  'sends the newest first': {
    'libs/outbox/dist/relay/rows.js': ['order by o.seq limit', 'order by o.seq desc limit'],
  },
};

const changes = Object.entries(BUGS[process.env.PLANTED]);

registerHooks({
  load(url, context, nextLoad) {
    const [file, [from, to] = []] = changes.find(([path]) => url.endsWith(path)) ?? [];
    if (file === undefined) return nextLoad(url, context);
    const source = readFileSync(fileURLToPath(url), 'utf8');
    if (!source.includes(from)) throw new Error(`${file} no longer says: ${from}`);
    return { format: 'module', source: source.replace(from, () => to), shortCircuit: true };
  },
});
