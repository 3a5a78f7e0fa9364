/**
 * Loaded with `--import` into a process under test. The parent arms one named point, or none with ''; when the process next comes there,
 * with the work in its hands that the message describes, it notes the point and ends itself with SIGKILL.
 */
import { appendFileSync } from 'node:fs';
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

let armed;

process.on('message', (message) => {
  if (typeof message?.arm !== 'string' || message.arm === armed) return;
  // Node writes it when a process ends by itself, which this one won't; the next one starts faster by it.
  flushCompileCache();
  armed = message.arm;
});
process.channel?.unref();

for (const point of POINTS) {
  subscribe(point, ({ messages }) => {
    if (armed !== point || !(messages > 0)) return;
    appendFileSync(process.env.KILL_LOG, `${point} ${messages} ${Date.now()}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}
