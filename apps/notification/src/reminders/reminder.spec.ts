import { describe, expect, it } from '@jest/globals';
import { taskFact } from '@taskwire/testing';

import { applies, follow, pendingAt, type Reminder } from './reminder.js';

const task = taskFact({ remindAt: '2026-03-02T09:00:00.000Z' });
const at = new Date('2026-03-02T09:00:00.000Z');
const later = new Date('2026-03-03T09:00:00.000Z');

function after(...changes: Partial<typeof task>[]): Reminder | undefined {
  const start: Reminder | undefined = follow(undefined, task);
  return changes.reduce<Reminder | undefined>(
    (known, change, index) => follow(known, { ...task, version: index + 2, ...change }),
    start,
  );
}

describe('a reminder', () => {
  it('stands for the time of its task', () => {
    expect(pendingAt(after())).toEqual(at);
  });

  it('is not kept for a task without a time', () => {
    expect(follow(undefined, { ...task, remindAt: null })).toBeUndefined();
  });

  it.each([
    ['moves with the time', [{ remindAt: later.toISOString() }], later],
    ['goes when the time is cleared', [{ remindAt: null }], null],
    ['goes when the task is done', [{ status: 'done' }], null],
    ['comes back when the task is reopened before the time', [{ status: 'done' }, { status: 'todo' }], at],
    [
      'stays away when the task is reopened after the time',
      [{ status: 'done' }, { status: 'todo', updatedAt: '2026-03-02T09:00:00.001Z' }],
      null,
    ],
    ['stays when something else changes', [{ title: 'Water them now' }], at],
    ['stays when something else changes after the time', [{ updatedAt: '2026-03-02T10:00:00.000Z' }], at],
    ['of a time that is past when it is set is none', [{ remindAt: '2026-03-01T07:00:00.000Z' }], null],
  ] as const)('%s', (_, changes, expected) => {
    expect(pendingAt(after(...changes))).toEqual(expected);
  });

  it('that was given does not come again with a change of the task, but with a new time', () => {
    const given: Reminder = { ...(after() as Reminder), doneFor: at };
    const renamed = follow(given, {
      ...task,
      version: 2,
      title: 'New',
      updatedAt: '2026-03-02T09:30:00.000Z',
    });
    const moved = follow(renamed, { ...task, version: 3, remindAt: later.toISOString() });
    expect([pendingAt(given), pendingAt(renamed), pendingAt(moved)]).toEqual([null, null, later]);
  });

  it('ignores a version older than the one it knows', () => {
    const done = after({ version: 5, status: 'done' });
    expect(follow(done, { ...task, version: 4 })).toBe(done);
  });

  it('applies only at the time that it stands for', () => {
    expect(applies(after(), at)).toBe(true);
    expect(applies(after({ remindAt: later.toISOString() }), at)).toBe(false);
    expect(applies(after({ status: 'done' }), at)).toBe(false);
    expect(applies(undefined, at)).toBe(false);
  });
});
