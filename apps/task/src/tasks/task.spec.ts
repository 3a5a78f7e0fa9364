import { describe, expect, it } from '@jest/globals';
import { type Task, complete, newTask, reopen, revise, taskFact, taskView } from './task.js';

const created = new Date('2026-03-01T08:00:00.000Z');
const later = new Date('2026-03-02T09:30:00.000Z');
const fields = {
  title: 'Buy milk',
  description: 'Two litres',
  status: 'todo',
  priority: 'medium',
  dueAt: null,
  remindAt: null,
  labels: ['home'],
} as const;

function taskWith(overrides: Partial<Task> = {}): Task {
  const id = '0198c000-0000-7000-8000-000000000001';
  const owner = '0198c000-0000-7000-8000-0000000000aa';
  return { ...newTask(id, owner, fields, created), ...overrides };
}
const done = taskWith({ status: 'done', completedAt: created });

describe('a new task', () => {
  it('starts at version 1', () => {
    expect(taskWith()).toMatchObject({
      version: 1,
      createdAt: created,
      updatedAt: created,
      completedAt: null,
    });
  });

  it('is completed from the start when created as done', () => {
    const task = newTask('id', 'owner', { ...fields, status: 'done' }, created);
    expect(task.completedAt).toBe(created);
  });
});

describe('a change', () => {
  it('grows the version by one, whatever the number of fields', () => {
    const { task, changed } = revise(taskWith(), { title: 'Buy bread', dueAt: later }, later);
    expect(task).toMatchObject({ title: 'Buy bread', dueAt: later, version: 2, updatedAt: later });
    expect(changed).toEqual(['title', 'dueAt']);
  });

  it('clears a field that is set to null', () => {
    expect(revise(taskWith(), { description: null }, later).task.description).toBeNull();
  });

  it.each([
    ['the same title', { title: 'Buy milk' }],
    ['equal labels', { labels: ['home'] }],
    ['an equal instant', { dueAt: new Date(later) }],
    ['nothing', { title: undefined }],
  ])('to %s leaves the task as it is', (_, changes) => {
    const task = taskWith({ dueAt: later });
    expect(revise(task, changes, later)).toEqual({ task, changed: [] });
  });

  it('of the status to done completes the task', () => {
    expect(revise(taskWith(), { status: 'done' }, later).task.completedAt).toBe(later);
  });

  it('of a done task to another status takes the completion back', () => {
    expect(revise(done, { status: 'in_progress' }, later).task.completedAt).toBeNull();
  });

  it('of another field keeps the time of completion', () => {
    expect(revise(done, { title: 'Bought milk' }, later).task.completedAt).toBe(created);
  });
});

describe('completing and reopening', () => {
  it('completes once: a done task stays as it is', () => {
    expect(complete(taskWith(), later).task).toMatchObject({
      status: 'done',
      completedAt: later,
      version: 2,
    });
    expect(complete(done, later).task).toBe(done);
  });

  it('reopens a done task as to do', () => {
    expect(reopen(done, later).task).toMatchObject({ status: 'todo', completedAt: null, version: 2 });
  });

  it('leaves a task that is not done as it is', () => {
    const busy = taskWith({ status: 'in_progress' });
    expect(reopen(busy, later).task).toBe(busy);
  });
});

describe('what leaves the service', () => {
  it('shows callers everything but the owner', () => {
    const view = taskView(taskWith({ dueAt: later }));
    expect(view).toMatchObject({ dueAt: later.toISOString(), createdAt: created.toISOString() });
    expect(view).not.toHaveProperty('ownerId');
  });

  it('tells subscribers the owner, and not the description', () => {
    const fact = taskFact(taskWith());
    expect(fact.ownerId).toBe(taskWith().ownerId);
    expect(fact).not.toHaveProperty('description');
  });
});
