import { Controller, Inject } from '@nestjs/common';
import { type AnalyticsQuery, analyticsRoutes, type UserAnalytics } from '@taskwire/contracts';
import { Caller, Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { completionRate } from './completion-rate.js';
import { CountsStore } from './counts-store.js';
import { lastDays } from './day.js';
import { fill, total } from './totals.js';

@Controller()
export class MyAnalyticsReader {
  constructor(@Inject(CountsStore) private readonly counts: CountsStore) {}

  @Route(analyticsRoutes.me)
  async read(
    @Caller() { userId }: Caller,
    @Query() { days }: z.output<typeof AnalyticsQuery>,
  ): Promise<z.output<typeof UserAnalytics>> {
    const window = lastDays(days, new Date());
    const found = await this.counts.userDays(userId, window[0] ?? '');
    const all = total(found);
    return {
      tasksCreated: all.created,
      tasksCompleted: all.completed,
      tasksDeleted: all.deleted,
      completionRate: completionRate(all),
      activeDays: found.length,
      byDay: fill(window, found, (day, counts) => ({
        day,
        created: counts?.created ?? 0,
        completed: counts?.completed ?? 0,
      })),
    };
  }
}
