/** Sends create commands that nobody waits for, and ends: the backlog. */
import { randomUUID } from 'node:crypto';
import { contracts, CreateTask, subscriptions } from '@taskwire/contracts';
import { Bus, topologyOf, uuidv7 } from '@taskwire/messaging';
import { createDriver, readBusConfig } from '@taskwire/service/bus';

const [count = 0] = process.argv.slice(2).map(Number);
const LANES = 1_000;
const DEADLINE_MS = 3_600_000;
const owners = Array.from({ length: 1_000 }, () => randomUUID());

const driver = await createDriver(readBusConfig(process.env), console.error);
const bus = new Bus({ driver, topology: topologyOf(contracts, subscriptions), source: '/bench' });
await bus.start();
let started = 0;
await Promise.all(
  Array.from({ length: LANES }, async () => {
    while (started < count) await send(started++);
  }),
);
await bus.close();
process.send?.('filled');

async function send(number: number): Promise<void> {
  const ownerId = owners[number % owners.length] ?? '';
  const times = { dueAt: null, remindAt: null };
  const fields = { title: `bench ${number}`, description: null, status: 'todo', priority: 'high' } as const;
  const payload = { taskId: randomUUID(), ownerId, ...fields, labels: ['bench'], ...times };
  const now = Date.now();
  const result = await bus.request(CreateTask, payload, {
    id: uuidv7(),
    identity: { actor: ownerId, roles: ['user'], session: randomUUID() },
    waitMs: 0,
    firstSentAt: new Date(now),
    deadline: new Date(now + DEADLINE_MS),
  });
  if (result.status !== 'pending') throw new Error(`a command was not stored: ${result.status}`);
}
