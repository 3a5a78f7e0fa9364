import { Controller, Inject } from '@nestjs/common';
import { type ListTasksQuery, taskRoutes } from '@taskwire/contracts';
import { Caller, ProblemError, Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { decodeCursor, encodeCursor } from './task-cursor.js';
import { type TaskOrder, parseOrder } from './task-listing.js';
import { TaskStore } from './task-store.js';
import { taskView } from './task.js';

type Listing = z.output<typeof ListTasksQuery>;

@Controller()
export class ListTasksReader {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @Route(taskRoutes.list)
  list(@Query() query: Listing, @Caller() { userId }: Caller) {
    const order = parseOrder(query.sort);
    return query.cursor === undefined
      ? this.page(userId, query, order)
      : this.cursorPage(userId, query, order, query.cursor);
  }

  private async page(ownerId: string, { page = 1, limit, ...filter }: Listing, order: TaskOrder) {
    const [tasks, total] = await Promise.all([
      this.store.list(ownerId, filter, order, { skip: (page - 1) * limit, take: limit }),
      this.store.count(ownerId, filter),
    ]);
    const pagination = { page, limit, total, pages: Math.ceil(total / limit) };
    return { tasks: tasks.map(taskView), pagination };
  }

  private async cursorPage(ownerId: string, query: Listing, order: TaskOrder, cursor: string) {
    const start = cursor === '' ? null : decodeCursor(cursor, order.field, query, query.sort);
    if (start === null && cursor !== '') throw badCursor();

    const found = await this.store.listAfter(ownerId, query, order, start, query.limit + 1);
    const tasks = found.slice(0, query.limit);
    const last = found.length > query.limit ? tasks.at(-1) : undefined;
    const nextCursor = last === undefined ? null : encodeCursor(last, order.field, query, query.sort);
    return { tasks: tasks.map(taskView), nextCursor };
  }
}

function badCursor(): ProblemError {
  const detail = 'is not a cursor of this filter and sort: start again with an empty one';
  return new ProblemError('validation_failed', undefined, { errors: [{ pointer: '/query/cursor', detail }] });
}
