import type { TaskPriority, TaskStatus } from './task.js';

export interface TaskFilter {
  readonly status?: TaskStatus | undefined;
  readonly priority?: TaskPriority | undefined;
  readonly label?: string | undefined;
  /** Words that all have to occur in the title or the description. */
  readonly q?: string | undefined;
  readonly dueBefore?: string | undefined;
}

export type SortField = 'createdAt' | 'updatedAt' | 'dueAt' | 'priority' | 'title';

/** Ties are broken by id, in the same direction; tasks without a due time come last in both. */
export interface TaskOrder {
  readonly field: SortField;
  readonly direction: 'asc' | 'desc';
}

/** The last task of a page, as far as its order goes. */
export type TaskPosition = { readonly id: string } & (
  | { readonly field: 'createdAt' | 'updatedAt'; readonly value: Date }
  | { readonly field: 'dueAt'; readonly value: Date | null }
  | { readonly field: 'priority'; readonly value: TaskPriority }
  | { readonly field: 'title'; readonly value: string }
);

export function parseOrder(sort: string): TaskOrder {
  const descending = sort.startsWith('-');
  return {
    field: (descending ? sort.slice(1) : sort) as SortField,
    direction: descending ? 'desc' : 'asc',
  };
}
