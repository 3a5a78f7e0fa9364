import { createHash } from 'node:crypto';
import { TaskPriority, Uuid } from '@taskwire/contracts';
import type { Task } from './task.js';
import type { SortField, TaskFilter, TaskPosition } from './task-listing.js';

const DIGEST_LENGTH = 11;
const ID_LENGTH = 36;

/** Says where the next page starts, for this filter and sort alone. Opaque to clients. */
export function encodeCursor(last: Task, field: SortField, filter: TaskFilter, sort: string): string {
  const value = last[field];
  const text = value instanceof Date ? value.toISOString() : (value ?? '');
  return Buffer.from(digest(filter, sort) + last.id + text).toString('base64url');
}

/** null when the text is no cursor, or one of another filter or sort. */
export function decodeCursor(
  cursor: string,
  field: SortField,
  filter: TaskFilter,
  sort: string,
): TaskPosition | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(DIGEST_LENGTH, DIGEST_LENGTH + ID_LENGTH);
  if (text.slice(0, DIGEST_LENGTH) !== digest(filter, sort) || !Uuid.safeParse(id).success) return null;
  return position(id, field, text.slice(DIGEST_LENGTH + ID_LENGTH));
}

function position(id: string, field: SortField, text: string): TaskPosition | null {
  switch (field) {
    case 'title':
      return { id, field, value: text };
    case 'priority': {
      const { data } = TaskPriority.safeParse(text);
      return data === undefined ? null : { id, field, value: data };
    }
    case 'dueAt':
      if (text === '') return { id, field, value: null };
      return timePosition(id, field, text);
    case 'createdAt':
    case 'updatedAt':
      return timePosition(id, field, text);
  }
}

function timePosition(
  id: string,
  field: 'createdAt' | 'updatedAt' | 'dueAt',
  text: string,
): TaskPosition | null {
  const value = new Date(text);
  return Number.isNaN(value.getTime()) ? null : { id, field, value };
}

function digest({ status, priority, label, q, dueBefore }: TaskFilter, sort: string): string {
  const listing = JSON.stringify([status, priority, label, q, dueBefore, sort]);
  return createHash('sha256').update(listing).digest('base64url').slice(0, DIGEST_LENGTH);
}
