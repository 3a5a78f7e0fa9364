import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  SessionEnded,
  SessionStarted,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskReopened,
  TaskUpdated,
  UserRegistered,
  UserUpdated,
} from '@taskwire/contracts';
import { messageOf, taskFact } from '@taskwire/testing';

import { type ActivityEvent, activityOf } from './activity.js';

const userId = randomUUID();
const sessionId = randomUUID();
const at = '2026-03-31T22:30:00.000Z';
const task = taskFact({
  ownerId: userId,
  createdAt: '2026-03-30T23:59:59.999Z',
  updatedAt: '2026-04-02T00:00:00.000Z',
  completedAt: '2026-04-01T00:00:00.000Z',
});
const rich = { ...task, dueAt: at, remindAt: at, labels: ['home'], priority: 'high' as const };
const everyFeature = ['due_dates', 'reminders', 'labels', 'priorities'];
const deleted = { taskId: task.id, ownerId: userId, title: task.title };
const profile = { userId, version: 2, timeZone: 'UTC', roles: ['user' as const] };

const cases: [ActivityEvent, object][] = [
  [messageOf(TaskCreated, { task }), { day: '2026-03-30', created: 1, features: ['tasks'] }],
  [messageOf(TaskCreated, { task: rich }), { created: 1, features: ['tasks', ...everyFeature] }],
  [messageOf(TaskUpdated, { task: rich, changed: ['dueAt'] }), { day: '2026-04-02', features: everyFeature }],
  [messageOf(TaskCompleted, { task }), { day: '2026-04-01', completed: 1, features: ['completion'] }],
  [messageOf(TaskReopened, { task }), { day: '2026-04-02', reopened: 1, completed: 0, features: [] }],
  [messageOf(TaskDeleted, deleted), { day: '2026-03-01', deleted: 1 }],
  [messageOf(UserRegistered, { userId, timeZone: 'UTC', at }), { day: '2026-03-31', registrations: 1 }],
  [messageOf(SessionStarted, { userId, sessionId, at }), { day: '2026-03-31', active: true }],
  [messageOf(SessionEnded, { userId, sessionId, at }), { day: '2026-03-31', active: false }],
  [messageOf(UserUpdated, profile, { actor: userId }), { active: true }],
  [messageOf(UserUpdated, profile, { actor: randomUUID() }), { active: false }],
];

describe('what an event adds to the counts', () => {
  it.each(cases.map(([event, expected]) => [event.type, expected, event] as const))(
    '%s: %j',
    (_, expected, event) => {
      expect(activityOf(event)).toMatchObject({ userId, ...expected });
    },
  );

  it('is told apart by the partition that it came by', () => {
    const event = messageOf(TaskCreated, { task }, { partition: 5 });
    expect(activityOf(event).source).toBe('task.events.v1/5');
  });
});
