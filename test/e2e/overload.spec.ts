import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ProblemBody, TaskStats } from '@taskwire/contracts';
import { type BodyOf, call, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

const PLACES = 10;
/** How long the service takes for each answer: with ten places that is 25 a second, so that the machine is no part of it. */
const SERVICE_MS = 400;
const MEASURED_MS = 3_000;
const ROUNDS = 3;
const STATS: BodyOf<typeof TaskStats> = {
  ...{ total: 0, overdue: 0, dueToday: 0, completionRate: 0 },
  byStatus: { todo: 0, in_progress: 0, done: 0 },
  byPriority: { low: 0, medium: 0, high: 0, urgent: 0 },
};

let platform: Platform;
let slow: Server;
let api: string;
let ada: Client;
beforeAll(async () => {
  slow = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    setTimeout(() => response.end(JSON.stringify(STATS)), SERVICE_MS);
  }).listen(0, '127.0.0.1');
  platform = await startPlatform();
  api = await platform.addGateway({
    TASK_URL: `http://127.0.0.1:${(slow.address() as AddressInfo).port}`,
    MAX_REQUESTS: String(PLACES),
    RATE_LIMIT_IP: '1000000',
    RATE_LIMIT_USER: '1000000',
  });
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  slow.closeAllConnections();
  slow.close();
}, 30_000);

const ask = (path: string) =>
  call<ProblemBody>(`${api}${path}`, 'GET', undefined, { authorization: `Bearer ${ada.token}` });

/** Clients that ask again and again; one that was refused waits a little, for otherwise there is only refusing. */
async function press(clients: number) {
  let good = 0;
  const refusals: number[] = [];
  const others: unknown[] = [];
  const start = performance.now();
  const end = start + MEASURED_MS;
  let lastAt = start;
  const client = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      const { status, headers, body } = await ask('/v1/tasks/stats');
      if (status === 200) [good, lastAt] = [good + 1, performance.now()];
      else if (status === 503 && body.code === 'overloaded' && headers.get('retry-after') === '1') {
        refusals.push(performance.now() - started);
        await sleep(2 * SERVICE_MS);
      } else others.push({ status, body });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  // Until the last one: the places are taken and given back together, so that a count alone goes by tens.
  return { good, perSecond: good / ((lastAt - start) / 1_000), refusals, others };
}

const best = (rounds: readonly { perSecond: number }[]): number =>
  Math.max(...rounds.map(({ perSecond }) => perSecond));

it('answers as many as it can when five times as many ask, and refuses the others at once', async () => {
  await press(PLACES);
  const fitting = [];
  const crowded = [];
  // In turn, so that what else the machine does meets both.
  for (let round = 0; round < ROUNDS; round += 1) {
    fitting.push(await press(PLACES));
    crowded.push(await press(5 * PLACES));
  }
  const after = await ask('/v1/tasks/stats');
  const refusals = crowded.flatMap((round) => round.refusals).sort((a, b) => a - b);

  expect([...fitting, ...crowded].flatMap(({ others }) => others)).toEqual([]);
  expect(refusals.length).toBeGreaterThan(crowded.reduce((sum, { good }) => sum + good, 0));
  // The best of each, for the machine does something else besides.
  expect(best(crowded)).toBeGreaterThan(0.9 * best(fitting));
  expect(refusals[Math.floor(refusals.length / 2)]).toBeLessThan(SERVICE_MS / 2);
  expect(after.status).toBe(200);
}, 60_000);

it('answers for the other services meanwhile', async () => {
  const crowd = press(5 * PLACES);
  const other = await ask('/v1/notifications');
  const { refusals } = await crowd;

  expect(refusals.length).toBeGreaterThan(0);
  expect(other.status).toBe(200);
});

it('answers while clients send bodies without an end', async () => {
  const { port, hostname } = new URL(api);
  const head = `POST /v1/tasks HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ada.token}\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{`;
  const slowOnes = Array.from({ length: 2 * PLACES }, () => connect(Number(port), hostname));
  for (const socket of slowOnes) socket.on('error', () => undefined).write(head);
  // Until the gateway has met them all.
  await sleep(SERVICE_MS);
  const { status } = await ask('/v1/tasks/stats');
  const states = slowOnes.map((socket) => socket.readyState);
  for (const socket of slowOnes) socket.destroy();

  expect(status).toBe(200);
  expect(new Set(states)).toEqual(new Set(['open']));
});
