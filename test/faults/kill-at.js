/**
 * Loaded with `--import` into a process under test. The parent arms one named point, or none with ''; when the process next comes there,
 * with the work in its hands that the message describes, it notes the point and ends itself with SIGKILL. Of several processes that
 * are armed for one kill, the first.
 */
import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { flushCompileCache } from 'node:module';

const POINTS = [
  'taskwire.handler.finished',
  'taskwire.batch.committed',
  'taskwire.batch.replied',
  'taskwire.relay.sending',
  'taskwire.relay.sent',
  'taskwire.request.stored',
  'taskwire.request.ended',
];

let armed = '';
let kill = 0;

process.on('message', (message) => {
  if (typeof message?.arm !== 'string' || (message.arm === armed && message.kill === kill)) return;
  // Node writes it when a process ends by itself, which this one won't; the next one starts faster by it.
  flushCompileCache();
  ({ arm: armed, kill } = message);
});
process.channel?.unref();

for (const point of POINTS) {
  subscribe(point, ({ messages }) => {
    if (armed !== point || !(messages > 0) || !note(`${point} ${messages} ${Date.now()}`)) return;
    process.kill(process.pid, 'SIGKILL');
  });
}

/** False where another process took this kill. */
function note(line) {
  armed = '';
  // Under its own name it is whole.
  const draft = `${process.env.KILLS}-by-${process.pid}`;
  writeFileSync(draft, line);
  try {
    linkSync(draft, `${process.env.KILLS}-${kill}`);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}
