import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { type Histogram } from './histogram.js';

export interface Observation {
  /** UTC. */
  readonly day: string;
  readonly route: string;
  readonly bucket: number;
  readonly count: number;
  readonly errors: number;
}

export interface RouteUsage {
  readonly route: string;
  readonly errors: number;
  readonly durations: Histogram;
}

/** Histograms of request durations, by route and day. */
export class UsageStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, observations: readonly Observation[]): Promise<void> {
    if (observations.length === 0) return;
    await unwrap(tx).$executeRaw`
      INSERT INTO request_buckets AS known (day, route, bucket, count, errors)
      SELECT day, route, bucket, sum(count), sum(errors)
      FROM jsonb_to_recordset(${JSON.stringify(observations)}::jsonb) AS observation(
        day date, route text, bucket smallint, count bigint, errors bigint)
      GROUP BY day, route, bucket ORDER BY day, route, bucket
      ON CONFLICT (day, route, bucket) DO UPDATE
        SET count = known.count + EXCLUDED.count, errors = known.errors + EXCLUDED.errors`;
  }

  /** The histograms of the days from `day` on, merged by route. */
  async since(day: string): Promise<RouteUsage[]> {
    const rows = await this.db.$queryRaw<{ route: string; bucket: number; count: number; errors: number }[]>`
      SELECT route, bucket::int AS bucket, sum(count)::float8 AS count, sum(errors)::float8 AS errors
      FROM request_buckets WHERE day >= ${day}::date GROUP BY route, bucket ORDER BY route`;
    return [...Map.groupBy(rows, ({ route }) => route)].map(([route, buckets]) => ({
      route,
      errors: buckets.reduce((sum, { errors }) => sum + errors, 0),
      durations: new Map(buckets.map(({ bucket, count }) => [bucket, count])),
    }));
  }
}
