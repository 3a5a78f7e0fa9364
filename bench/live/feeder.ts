/** Stands in for notification: appends to feeds at a fixed rate, tells the bus, and answers who reads a feed. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { contracts, type Feed, FeedAppended, type Notification, subscriptions } from '@taskwire/contracts';
import { Bus, topologyOf } from '@taskwire/messaging';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { atRate } from '../overload/press.ts';
import { clockMs } from './clock.ts';

export interface FeederOrder {
  readonly users: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
}

export interface FeederReport {
  readonly sent: number;
  readonly seconds: number;
}

const [port = 0] = process.argv.slice(2).map(Number);
/** When each entry was appended, by user. */
const feeds = new Map<string, number[]>();

const driver = await createDriver(readBusConfig(process.env), console.error);
const bus = new Bus({ driver, topology: topologyOf(contracts, subscriptions), source: '/bench' });
await bus.start();
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://feeder');
  const userId = pathname.split('/').at(-1) ?? '';
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(feedOf(userId, Number(searchParams.get('after')))));
});
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
process.on('message', (order: FeederOrder) => void feed(order));
process.send?.('ready');

async function feed({ users, perSecond, seconds }: FeederOrder): Promise<void> {
  const began = performance.now();
  let sent = 0;
  await atRate(perSecond, seconds, async () => {
    const userId = users[sent % users.length] ?? '';
    sent += 1;
    const appended = feeds.get(userId) ?? [];
    feeds.set(userId, appended);
    const entry = entryOf(appended.push(clockMs()), appended);
    await bus.publish(FeedAppended, { userId, event: 'task.created.v1', entry });
  });
  const report: FeederReport = { sent, seconds: (performance.now() - began) / 1_000 };
  process.send?.(report);
}

function feedOf(userId: string, after: number): Feed {
  const appended = feeds.get(userId) ?? [];
  const missed = Math.max(0, appended.length - after);
  const entries = Array.from({ length: missed }, (_, index) => entryOf(after + 1 + index, appended));
  return { entries, more: false, last: appended.length };
}

/** Its title is the time at which it was appended. */
function entryOf(number: number, appended: readonly number[]): Notification {
  const title = String(appended[number - 1]);
  const ids = { id: randomUUID(), taskId: randomUUID() };
  return { ...ids, number, kind: 'task_created', title, createdAt: new Date().toISOString(), readAt: null };
}
