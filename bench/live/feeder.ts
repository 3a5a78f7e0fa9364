/** Stands in for notification: appends to feeds at a fixed rate, tells the bus, and answers who reads a feed. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { contracts, type Feed, FeedAppended, type Notification, subscriptions } from '@taskwire/contracts';
import { encodeEvent, topologyOf } from '@taskwire/messaging';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
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

/** What is due is sent together, as a relay does. */
const PAUSE_MS = 2;
const [port = 0] = process.argv.slice(2).map(Number);
/** When each entry was appended, by user. */
const feeds = new Map<string, number[]>();

const driver = await createDriver(readBusConfig(process.env), console.error);
await driver.connect();
await driver.declare(topologyOf(contracts, subscriptions));
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
  const end = began + seconds * 1_000;
  const sending: Promise<void>[] = [];
  let sent = 0;
  for (let now = began; now < end; now = performance.now()) {
    const due = Math.floor(((now - began) / 1_000) * perSecond) - sent;
    const turn = Array.from({ length: due }, (_, index) => users[(sent + index) % users.length] ?? '');
    sent += due;
    sending.push(send(turn));
    await sleep(PAUSE_MS);
  }
  await Promise.all(sending);
  const report: FeederReport = { sent, seconds: (performance.now() - began) / 1_000 };
  process.send?.(report);
}

async function send(users: readonly string[]): Promise<void> {
  const results = await driver.send(users.map(append));
  for (const error of results) if (error) throw error;
}

function append(userId: string) {
  const appended = feeds.get(userId) ?? [];
  feeds.set(userId, appended);
  const entry = entryOf(appended.push(clockMs()), appended);
  return encodeEvent(FeedAppended, { userId, event: 'task.created.v1', entry });
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
