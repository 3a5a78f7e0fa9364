import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Notification, Task } from '@taskwire/contracts';
import { brokers } from '../brokers.js';
import { busUnder, type BusUnderTest } from '../buses.js';
import { answerOf, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

/** For a handful of commands, also on a busy machine: what is changed too late is reminded of. */
const TIME_FOR_CHANGES_MS = 4_000;
/** What is promised: by the time of the event itself, which the database gives it that also says what is due. */
const LATENESS_LIMIT_MS = 1_000;

describe.each(['memory', 'postgres', ...brokers] as const)('reminders over %s', (name) => {
  let bus: BusUnderTest | undefined;
  let platform: Platform;
  let ada: Client;

  beforeAll(async () => {
    bus = name === 'memory' ? undefined : await busUnder(name);
    platform = await startPlatform({ env: bus?.env ?? { BUS: name } });
  }, 60_000);
  afterAll(async () => {
    await platform?.stop();
    await bus?.remove();
  }, 60_000);
  beforeEach(async () => {
    ada = await signUp(platform.api);
  });

  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
  const create = (title: string, remindAt: string) => ada.createTask(title, { remindAt });
  const change = async (method: string, { id }: Task, body?: unknown, action = '') => {
    const { status } = await ada.call(method, `/v1/tasks/${id}${action}`, body, { 'if-match': '*' });
    expect(status).toBe(200);
  };
  const feed = async () =>
    (await answerOf(ada.api.GET('/v1/notifications', { params: { query: { limit: 100 } } }))).body
      .notifications;
  const remindersIn = (notifications: readonly Notification[]) =>
    notifications.filter(({ kind }) => kind === 'task_reminder');
  const reminderOf = (title: string) =>
    until(`the reminder of ${title}`, feed, (found) =>
      remindersIn(found).some((reminder) => reminder.title === title),
    );

  it('are given once, within 1 s of the time that stands then and not before, and only for what is still to be done', async () => {
    const first = soon(TIME_FOR_CHANGES_MS);
    const times = {
      kept: first,
      moved: soon(TIME_FOR_CHANGES_MS + 500),
      last: soon(TIME_FOR_CHANGES_MS + 1_000),
    };
    await create('kept', first);
    const [moved, cleared, done] = [
      await create('moved', first),
      await create('cleared', first),
      await create('done', first),
    ];
    await change('PATCH', moved, { remindAt: times.moved });
    await change('PATCH', cleared, { remindAt: null });
    await change('POST', done, undefined, '/complete');
    await create('last', times.last);

    const reminders = remindersIn(await reminderOf('last'));
    expect(reminders.map(({ title }) => title)).toEqual(['last', 'moved', 'kept']);
    for (const { title, createdAt } of reminders) {
      const lateMs = Date.parse(createdAt) - Date.parse(times[title as keyof typeof times]);
      expect({ title, early: lateMs < 0, late: lateMs >= LATENESS_LIMIT_MS ? lateMs : false }).toEqual({
        title,
        early: false,
        late: false,
      });
    }
  });

  it('are given once, and soon, when their time passed while the service was away', async () => {
    const missed = await create('missed', soon(1_500));
    await until('its creation', feed, (found) => found.some(({ taskId }) => taskId === missed.id));
    await platform.stopService('notification');
    await sleep(Math.max(0, Date.parse(missed.remindAt ?? '') - Date.now()) + 100);
    await platform.startService('notification');

    await reminderOf('missed');
    await create('next', soon(500));
    const reminders = remindersIn(await reminderOf('next'));
    expect(reminders.map(({ title }) => title)).toEqual(['next', 'missed']);
  });
});
