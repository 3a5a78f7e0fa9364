import { z } from 'zod';
import { queryInteger } from './query.js';
import { route } from './route.js';

const Day = z.iso.date();
const CompletionRate = z.number().meta({
  description:
    'Completions less reopenings, of the tasks created in the same days, 0 to 1: 0 where none was created or each was reopened; at most 1, though older tasks may be completed too.',
});

/** Days are UTC. */
export const UserAnalytics = z
  .object({
    tasksCreated: z.int(),
    tasksCompleted: z.int(),
    tasksDeleted: z.int(),
    completionRate: CompletionRate,
    activeDays: z.int(),
    byDay: z.array(z.object({ day: Day, created: z.int(), completed: z.int() })),
  })
  .meta({ id: 'UserAnalytics' });

/** `requests`: milliseconds, estimated from a histogram with 2 % error; counts are weighted where the gateway sampled. */
export const AnalyticsOverview = z
  .object({
    registrations: z.array(z.object({ day: Day, count: z.int() })),
    activeUsers: z.array(z.object({ day: Day, count: z.int() })),
    tasks: z.object({
      created: z.int(),
      completed: z.int(),
      deleted: z.int(),
      completionRate: CompletionRate,
    }),
    /** How many users ever used a feature, by feature. */
    featureAdoption: z.record(z.string(), z.int()),
    requests: z.array(
      z.object({
        route: z.string(),
        count: z.int(),
        errors: z.int(),
        p50: z.number(),
        p95: z.number(),
        p99: z.number(),
      }),
    ),
  })
  .meta({ id: 'AnalyticsOverview' });

export const AnalyticsQuery = z.strictObject({
  days: queryInteger(1, 365).default(30).meta({ description: 'Of so many days, today included' }),
});

const service = 'analytics';

export const analyticsRoutes = {
  me: route('GET', '/v1/analytics/me', {
    summary: 'Statistics of your own work',
    service,
    kind: 'read',
    query: AnalyticsQuery,
    success: { status: 200, body: UserAnalytics },
  }),
  overview: route('GET', '/v1/analytics/overview', {
    summary: 'Statistics of the whole platform',
    service,
    kind: 'read',
    access: 'admin',
    query: AnalyticsQuery,
    success: { status: 200, body: AnalyticsOverview },
  }),
} as const;
