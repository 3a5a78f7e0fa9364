import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ListTasksQuery } from '@taskwire/contracts';
import { decodeCursor, encodeCursor } from './task-cursor.js';
import { taskOf } from './task.fixture.js';

const task = taskOf(randomUUID(), { title: 'Zwölf', dueAt: new Date('2026-03-05T10:00:00.000Z') });

describe('a cursor', () => {
  it.each(['createdAt', 'updatedAt', 'dueAt', 'priority', 'title'] as const)(
    'by %s leads back to its place',
    (field) => {
      const cursor = encodeCursor(task, field, { q: 'a' }, field);
      expect(decodeCursor(cursor, field, { q: 'a' }, field)).toEqual({
        id: task.id,
        field,
        value: task[field],
      });
    },
  );

  it('keeps that a task has no due time', () => {
    const cursor = encodeCursor({ ...task, dueAt: null }, 'dueAt', {}, 'dueAt');
    expect(decodeCursor(cursor, 'dueAt', {}, 'dueAt')).toEqual({ id: task.id, field: 'dueAt', value: null });
  });

  it.each([
    ['another filter', 'dueAt', { status: 'done' }, 'dueAt'],
    ['another direction', 'dueAt', {}, '-dueAt'],
    ['another sort', 'title', {}, 'title'],
  ] as const)('is none for %s', (_, field, filter, sort) => {
    expect(decodeCursor(encodeCursor(task, 'dueAt', {}, 'dueAt'), field, filter, sort)).toBeNull();
  });

  it.each(['x', '💥', 'A'.repeat(500), Buffer.from('{"id":1}').toString('base64url')])(
    'is not %s',
    (text) => {
      expect(decodeCursor(text, 'createdAt', {}, '-createdAt')).toBeNull();
    },
  );

  it.each(['dueAt', 'priority', 'createdAt'] as const)('whose %s was tampered with is none', (field) => {
    const cursor = encodeCursor(task, field, {}, field);
    const tampered = Buffer.from(`${Buffer.from(cursor, 'base64url').toString()}!`).toString('base64url');
    expect(decodeCursor(tampered, field, {}, field)).toBeNull();
  });

  it('of the longest title is one that the contract takes', () => {
    const cursor = encodeCursor({ ...task, title: '\u4e00'.repeat(200) }, 'title', {}, 'title');
    expect(ListTasksQuery.safeParse({ cursor }).success).toBe(true);
  });
});
