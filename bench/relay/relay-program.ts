/** An outbox in a process of its own: how fast its relay empties it, and how soon an event is sent when nothing else is. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { contracts, subscriptions, TaskCreated, type TaskFact } from '@taskwire/contracts';
import { DIAGNOSTICS, topologyOf } from '@taskwire/messaging';
import { createOutbox, prismaExecutor } from '@taskwire/outbox';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { percentile } from '../rig/rounds.ts';
import { applyMigrations, openTaskDatabase } from '../rig/task-database.ts';

/** Times in ms. */
export interface RelayReport {
  readonly rowsPerSecond: number;
  readonly p50: number;
  readonly p95: number;
}

const [rows = 0, writes = 0] = process.argv.slice(2).map(Number);
const PER_WRITE = 500;
const PAUSE_MS = 20;
const OWNERS = Array.from({ length: 1_000 }, () => randomUUID());
const listenUrl = process.env.DATABASE_URL ?? '';

await applyMigrations(listenUrl);
const driver = await createDriver(readBusConfig(process.env), console.error);
await driver.connect();
await driver.declare(topologyOf(contracts, subscriptions));
const { client, pool } = openTaskDatabase(listenUrl);
const outbox = createOutbox({ executor: prismaExecutor(client, pool), driver, listenUrl });

let sent = 0;
let onSent: () => void = () => undefined;
DIAGNOSTICS.sent.subscribe((message) => {
  sent += (message as { messages: number }).messages;
  onSent();
});
const sentAre = (count: number) =>
  new Promise<void>((resolve) => {
    onSent = () => sent >= count && resolve();
    onSent();
  });

for (let stored = 0; stored < rows; stored += PER_WRITE) await write(PER_WRITE, stored);
const began = performance.now();
await outbox.start();
await sentAre(rows);
const took = performance.now() - began;

const delays: number[] = [];
for (let i = 0; i < writes; i += 1) {
  const before = sent;
  const sending = sentAre(before + 1).then(() => performance.now());
  await write(1, i);
  const committed = performance.now();
  delays.push((await sending) - committed);
  await sleep(PAUSE_MS);
}
const sorted = Float64Array.from(delays).sort();
const report: RelayReport = {
  rowsPerSecond: rows / (took / 1_000),
  p50: percentile(sorted, 0.5),
  p95: percentile(sorted, 0.95),
};
process.send?.(report);

function write(count: number, from: number): Promise<void> {
  return outbox.store.write(async ({ publish }) => {
    for (let i = 0; i < count; i += 1)
      publish(TaskCreated, { task: fact(OWNERS[(from + i) % OWNERS.length] ?? '') });
  });
}

function fact(ownerId: string): TaskFact {
  const now = new Date().toISOString();
  const times = { dueAt: null, remindAt: null, createdAt: now, updatedAt: now, completedAt: null };
  const fields = { title: 'bench', status: 'todo', priority: 'high', labels: ['bench'], version: 1 } as const;
  return { id: randomUUID(), ownerId, ...fields, labels: [...fields.labels], ...times };
}
