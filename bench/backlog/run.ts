/** Many create commands wait when the task service starts: how fast it stores them, and sends their events. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, startStubAuth } from '@taskwire/testing';
import { type BusRig, withBus } from '../rig/bus-rig.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { messageOf, startProgram } from '../rig/program.ts';
import { writeReport } from '../rig/report.ts';
import type { BusName } from '../rig/servers.ts';
import { countRows } from '../rig/task-database.ts';

const ROWS_PER_SECOND = 15_000;
const EVENTS_PER_SECOND = 10_000;
const LIMIT_MS = 600_000;
const LOOK_EVERY_MS = 100;

interface Drained {
  readonly bus: BusName;
  readonly rowsPerSecond: number;
  readonly eventsPerSecond: number;
}

const METHOD = `Create commands by 1,000 owners wait on the bus; then the task service is started, one process, as in production. Rows:
from the first row seen in PostgreSQL until all are; events: until the outbox is empty besides, each event confirmed by the
broker.`;

export async function runBacklog({ short, buses, node }: BenchOptions): Promise<void> {
  const commands = short ? 20_000 : 200_000;
  const servers = new Set<string>();
  const results: Drained[] = [];
  for (const bus of buses) {
    results.push(
      await withBus(bus, async (rig) => {
        for (const server of rig.servers) servers.add(server);
        return drain(bus, rig, commands, node);
      }),
    );
  }
  await writeReport({
    name: 'backlog',
    command: 'backlog',
    short,
    title: 'Backlog',
    method: `${commands.toLocaleString('en-US')} commands. ${METHOD}`,
    tables: [
      {
        title: 'Rows and events',
        columns: ['bus', 'rows/s', 'events/s'],
        rows: results.map((one) => [
          one.bus,
          shortNumber(one.rowsPerSecond),
          shortNumber(one.eventsPerSecond),
        ]),
        plot: {
          ...{ title: 'Backlog', unit: 'a second', series: ['rows', 'events'] },
          groups: results.map((one) => ({
            label: one.bus,
            values: [one.rowsPerSecond, one.eventsPerSecond],
          })),
        },
      },
    ],
    goals: results.flatMap((one) => [
      goal(`${one.bus}: rows/s`, one.rowsPerSecond, ROWS_PER_SECOND),
      goal(`${one.bus}: events/s`, one.eventsPerSecond, EVENTS_PER_SECOND),
    ]),
    data: results,
    servers: [...servers],
  });
}

const goal = (text: string, measured: number, wanted: number) => ({
  text: `${text} at least ${wanted.toLocaleString('en-US')}`,
  measured: shortNumber(measured),
  met: measured >= wanted,
});

async function drain(
  bus: BusName,
  { scope, folder, postgres, env }: BusRig,
  commands: number,
  node: readonly string[],
): Promise<Drained> {
  const auth = await startStubAuth();
  scope.add(() => auth.close());
  const fill = { name: 'fill', file: 'bench/backlog/fill-program.ts', args: [String(commands)], env, folder };
  const filling = startProgram(scope, fill);
  await messageOf(filling, LIMIT_MS);
  await filling.stop();

  const database = await postgres.create('backlog_task');
  const [port = 0] = await freePorts(1);
  const own = { PORT: String(port), DATABASE_URL: database, AUTH_URL: auth.url };
  const file = 'apps/task/dist/main.js';
  const INTERNAL_TOKEN = randomBytes(32).toString('hex');
  const task = startProgram(scope, {
    name: 'task',
    file,
    env: { ...env, ...own, INTERNAL_TOKEN },
    folder,
    node,
  });

  let first: { readonly at: number; readonly rows: number } | undefined;
  let stored: number | undefined;
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    if (performance.now() > end || task.child.exitCode !== null) {
      throw new Error(`the backlog over ${bus} was not worked off:\n${task.log().slice(-3_000)}`);
    }
    const rows = await countRows(database, 'tasks').catch(() => 0);
    if (rows > 0) first ??= { at: performance.now(), rows };
    if (first && rows === commands) {
      stored ??= performance.now();
      if ((await countRows(database, 'outbox')) === 0) break;
    }
    await sleep(LOOK_EVERY_MS);
  }
  const perSecond = (until: number) => (commands - (first?.rows ?? 0)) / ((until - (first?.at ?? 0)) / 1_000);
  const drained = {
    bus,
    rowsPerSecond: perSecond(stored ?? 0),
    eventsPerSecond: perSecond(performance.now()),
  };
  console.log(
    `${bus}: ${shortNumber(drained.rowsPerSecond)} rows/s, ${shortNumber(drained.eventsPerSecond)} events/s`,
  );
  return drained;
}
