import { Controller, Inject } from '@nestjs/common';
import { taskRoutes } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import { TaskStore } from './task-store.js';

const DAY_MS = 24 * 60 * 60 * 1000;

@Controller()
export class TaskStatsReader {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  /** Today is the day in UTC. Done tasks are neither overdue nor due. */
  @Route(taskRoutes.stats)
  async stats(@Caller() { userId }: Caller) {
    const now = new Date();
    const today = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
    const tomorrow = new Date(today.getTime() + DAY_MS);

    const { dueInside: dueToday, ...counts } = await this.store.counts(userId, now, today, tomorrow);
    const completionRate = counts.total === 0 ? 0 : counts.byStatus.done / counts.total;
    return { ...counts, dueToday, completionRate };
  }
}
