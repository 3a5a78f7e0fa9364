import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const POINT = 'taskwire.relay.sent';
/** Comes to the point as often as it is told to, and answers when it has survived. */
const PROGRAM = `
  import { channel } from 'node:diagnostics_channel';
  process.on('message', ({ messages }) => {
    if (messages === undefined) return;
    channel('${POINT}').publish({ messages });
    process.send('alive');
  });
  setInterval(() => undefined, 1_000);
  process.send('started');
`;

let folder: string;
let processes: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-kill-'));
  processes = [1, 2].map(() =>
    spawn(
      process.execPath,
      ['--import', join(import.meta.dirname, 'kill-at.js'), '--input-type=module', '-e', PROGRAM],
      { env: { KILLS: join(folder, 'task.kill') }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    ),
  );
  await Promise.all(processes.map((child) => once(child, 'message')));
});
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

const armAll = (arm: string, kill: number) => processes.forEach((child) => child.send({ arm, kill }));

/** Each comes to the point with as many messages; answers how each went on. */
const comeThere = (messages: number) =>
  Promise.all(
    processes.map((child) => {
      const going = Promise.race([
        once(child, 'message').then(() => 'lives'),
        once(child, 'exit').then(([, signal]) => String(signal)),
      ]);
      child.send({ messages });
      return going;
    }),
  );

it('ends one of several processes that come to an armed point with work in hand, and notes it', async () => {
  armAll(POINT, 3);

  expect((await comeThere(7)).sort()).toEqual(['SIGKILL', 'lives']);
  expect(await readdir(folder)).toEqual(['task.kill-3']);
  expect(await readFile(join(folder, 'task.kill-3'), 'utf8')).toMatch(/^taskwire\.relay\.sent 7 \d+$/);
});

it.each([
  ['another point', 'taskwire.relay.sending', 7],
  ['none', '', 7],
  ['the point, without work in hand', POINT, 0],
])('ends nobody who is armed for %s', async (_what, arm, messages) => {
  armAll(arm, 0);

  expect(await comeThere(messages)).toEqual(['lives', 'lives']);
  expect(await readdir(folder)).toEqual([]);
});
