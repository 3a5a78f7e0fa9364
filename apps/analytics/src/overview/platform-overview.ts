import { Controller, Inject } from '@nestjs/common';
import { type AnalyticsOverview, type AnalyticsQuery, analyticsRoutes } from '@taskwire/contracts';
import { Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { quantile } from '../usage/histogram.js';
import { type RouteUsage, UsageStore } from '../usage/usage-store.js';
import { completionRate } from './completion-rate.js';
import { CountsStore } from './counts-store.js';
import { lastDays } from './day.js';
import { fill, total } from './totals.js';

type Overview = z.output<typeof AnalyticsOverview>;

@Controller()
export class PlatformOverviewReader {
  constructor(
    @Inject(CountsStore) private readonly counts: CountsStore,
    @Inject(UsageStore) private readonly usage: UsageStore,
  ) {}

  @Route(analyticsRoutes.overview)
  async read(@Query() { days }: z.output<typeof AnalyticsQuery>): Promise<Overview> {
    const window = lastDays(days, new Date());
    const since = window[0] ?? '';
    const [found, featureAdoption, usage] = await Promise.all([
      this.counts.platformDays(since),
      this.counts.usersByFeature(),
      this.usage.since(since),
    ]);
    const { created, completed, reopened, deleted } = total(found);
    return {
      registrations: fill(window, found, (day, counts) => ({ day, count: counts?.registrations ?? 0 })),
      activeUsers: fill(window, found, (day, counts) => ({ day, count: counts?.activeUsers ?? 0 })),
      tasks: {
        created,
        completed,
        deleted,
        completionRate: completionRate({ created, completed, reopened }),
      },
      featureAdoption,
      requests: usage.map(requestsOf),
    };
  }
}

function requestsOf({ route, errors, durations }: RouteUsage): Overview['requests'][number] {
  const count = [...durations.values()].reduce((sum, some) => sum + some, 0);
  const p = (q: number) => Number(quantile(durations, q).toPrecision(4));
  return { route, count, errors, p50: p(0.5), p95: p(0.95), p99: p(0.99) };
}
