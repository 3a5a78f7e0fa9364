import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { program } from '@taskwire/cli';
import {
  contracts,
  type DeadLetterDetail,
  type DeadLetterPage,
  type LetterActionPage,
  type ReplayedLetters,
  subscriptions,
  type Task,
  TaskCreated,
} from '@taskwire/contracts';
import { Bus, encodeEvent, topologyOf } from '@taskwire/messaging';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { answerOf, apiAt, call, type Client, got, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const INTERNAL_TOKEN = randomBytes(32).toString('hex');
const FEED = 'notification.tasks';
const COUNTS = 'analytics.events';

let platform: Platform;
let bus: Bus;
let ada: Client;
let operator: Client;
let operatorToken: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-letters-'));
  // Its messages are put on the bus by hand, into its tables.
  platform = await startPlatform({ env: { INTERNAL_TOKEN, BUS: 'postgres' } });
  const driver = postgresDriver({ url: platform.databases.bus });
  bus = new Bus({ driver, topology: topologyOf(contracts, subscriptions) });
  await bus.start();
  ada = await signUp(platform.api);
  operator = await signUp(platform.api);
  await taskwire('users', 'grant', operator.email, 'operator');
  const { email, password } = operator;
  const login = got(await apiAt(platform.api).POST('/v1/auth/login', { body: { email, password } }));
  operatorToken = login.accessToken;
}, 90_000);
afterAll(async () => {
  await bus?.close();
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

/** The command line against the running services; answers what it printed. */
async function taskwire(...args: string[]): Promise<string> {
  const urls = Object.entries(platform.urls).map(([name, url]) => [`${name.toUpperCase()}_URL`, url]);
  const env = {
    ...(Object.fromEntries(urls) as NodeJS.ProcessEnv),
    INTERNAL_TOKEN,
    ...(operatorToken && { OPERATOR_TOKEN: operatorToken }),
  };
  const printed: string[] = [];
  await program(env, (line) => printed.push(line)).parseAsync(args, { from: 'user' });
  return printed.join('\n');
}

async function letters<T>(command: string, ...args: string[]): Promise<T> {
  return JSON.parse(await taskwire('dead-letters', command, ...args, '--json')) as T;
}

/** As a sender with a fault would have it: a task without a title. Answers the message's id. */
async function sendBroken(task: Task): Promise<string> {
  const { description: _, ...fact } = task;
  const event = encodeEvent(TaskCreated, { task: { ...fact, id: randomUUID(), ownerId: ada.user.id } });
  const payload = JSON.parse(event.body.toString()) as { task: object };
  const body = Buffer.from(JSON.stringify({ task: { ...payload.task, title: null } }));
  const [error] = await bus.driver.send([{ ...event, body }]);
  if (error) throw error;
  return event.headers['id'] ?? '';
}

const feed = async () =>
  (await answerOf(ada.api.GET('/v1/notifications'))).body.notifications.map(({ title }) => title);
const parked = async (subscriber: string) => {
  const [page] = await letters<DeadLetterPage[]>('list', subscriber, '--key', ada.user.id);
  return page?.messages.map(({ id, state, reason }) => ({ id, state, reason })) ?? [];
};

describe('a message that no consumer could take', () => {
  let broken: string;

  it('holds its key in one service, which an operator sees, and nothing in the other', async () => {
    const task = await ada.createTask('before');
    await until('the notification of the task before', feed, (titles) => titles.includes('before'));
    broken = await sendBroken(task);
    await until(
      'a dead letter in both',
      () => parked(FEED),
      (found) => found.length === 1,
    );
    await until(
      'a dead letter in both',
      () => parked(COUNTS),
      (found) => found.length === 1,
    );
    await ada.createTask('behind');
    const found = await until(
      'one that waits',
      () => parked(FEED),
      ({ length }) => length === 2,
    );
    expect(found).toMatchObject([
      { id: broken, state: 'dead', reason: 'contract_mismatch' },
      { state: 'waiting', reason: null },
    ]);
    expect(await parked(COUNTS)).toMatchObject([{ id: broken, state: 'dead' }]);
    expect(await feed()).not.toContain('behind');
    expect(await taskwire('dead-letters', 'list')).toMatch(
      /notification: 1 dead, 0 to be tried again, 1 waiting/,
    );
  });

  it('runs once after an edit and a replay, and then what waited behind it', async () => {
    const shown = await letters<DeadLetterDetail>('show', FEED, broken);
    expect(shown).toMatchObject({
      error: expect.stringContaining('/task/title'),
      lane: { ahead: 0, behind: 1 },
      body: { value: { task: { title: null } } },
    });
    const payload = shown.body.value as { task: object };
    const file = join(folder, 'mended.json');
    await writeFile(file, JSON.stringify({ task: { ...payload.task, title: 'mended' } }));
    await taskwire(
      'dead-letters',
      'edit',
      FEED,
      broken,
      '--payload',
      file,
      '--reason',
      'sender 1.2 sends null',
    );

    const dry = await letters<ReplayedLetters>('replay', FEED, broken);
    expect(dry).toMatchObject({ applied: false, steps: [{ id: broken, verdict: 'runs', waitingBehind: 1 }] });
    expect(await feed()).not.toContain('mended');
    const twice = await Promise.allSettled([
      letters<ReplayedLetters>('replay', FEED, broken, '--yes'),
      letters<ReplayedLetters>('replay', FEED, '--yes', '--type', TaskCreated.type),
    ]);
    expect(twice.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await until(
      'both notifications',
      feed,
      (titles) => titles.includes('behind') && titles.includes('mended'),
    );
    const mine = ['before', 'mended', 'behind'];
    expect((await feed()).filter((title) => mine.includes(title))).toEqual(mine.toReversed());
    expect(await parked(FEED)).toEqual([]);
  });

  it('is discarded where it is not wanted, and a copy of it does not run', async () => {
    await taskwire('dead-letters', 'discard', COUNTS, broken, '--reason', 'not worth a count');
    expect(await parked(COUNTS)).toEqual([]);
    await expect(taskwire('dead-letters', 'show', COUNTS, broken)).rejects.toThrow(/404: there is no such/);
  });

  it('leaves who did what, under their own name, with the trace of the request', async () => {
    const pages = await letters<(LetterActionPage & { service: string })[]>(
      'audit',
      '--actor',
      operator.user.id,
    );
    const done = pages.flatMap(({ service, actions }) => actions.map(({ action }) => `${service} ${action}`));
    expect(done.sort()).toEqual(['analytics discard', 'notification edit', 'notification replay']);
    for (const action of pages.flatMap(({ actions }) => actions)) {
      expect(action).toMatchObject({ messageId: broken, traceId: expect.stringMatching(/^[\da-f]{32}$/) });
    }
  });
});

describe('dead letters are no business', () => {
  it('of users, nor of the gateway', async () => {
    const path = '/internal/dead-letters';
    const authorization = `Bearer ${ada.token}`;
    for (const service of ['auth', 'task', 'notification', 'analytics'] as const) {
      const url = `${platform.urls[service]}${path}`;
      expect(await call(url, 'GET', undefined, { authorization })).toMatchObject({ status: 403 });
      expect(await call(url, 'GET')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    expect(await ada.call('GET', path)).toMatchObject({ status: 404 });
  });
});
