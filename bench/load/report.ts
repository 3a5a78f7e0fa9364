/** What of Artillery's JSON report is used here. */
export interface ArtilleryReport {
  readonly aggregate: {
    readonly counters: Readonly<Record<string, number>>;
    readonly summaries: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

export interface LoadResult {
  readonly date: string;
  readonly node: string;
  readonly cpus: number;
  readonly phases: string;
  readonly requests: number;
  readonly errors: number;
  readonly errorRate: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const LIMITS = { p95: 200, errorRate: 0.001 };

/** An error is a connection error, or any status but the documented one; 429 included. */
export function summarise(
  report: ArtilleryReport,
  about: Pick<LoadResult, 'date' | 'node' | 'cpus' | 'phases'>,
): LoadResult {
  const { counters, summaries } = report.aggregate;
  const requests = counters['http.requests'] ?? 0;
  if (requests === 0) throw new Error('the report holds no request');
  const failed = Object.entries(counters).filter(([name]) => name.startsWith('errors.'));
  const errors = (counters['load.unexpected'] ?? 0) + failed.reduce((sum, [, count]) => sum + count, 0);
  const times = summaries['http.response_time'] ?? {};
  const time = (name: string) => times[name] ?? Number.NaN;
  return {
    ...about,
    requests,
    errors,
    errorRate: errors / requests,
    p50: time('p50'),
    p95: time('p95'),
    p99: time('p99'),
    max: time('max'),
  };
}

export function missed(result: LoadResult): string[] {
  return [
    ...(result.p95 < LIMITS.p95 ? [] : [`p95 is ${result.p95} ms, the limit is ${LIMITS.p95} ms`]),
    ...(result.errorRate < LIMITS.errorRate
      ? []
      : [`${(result.errorRate * 100).toFixed(2)} % errors, the limit is ${LIMITS.errorRate * 100} %`]),
  ];
}

export function markdown(result: LoadResult, ledger: string): string {
  return `# Load test

\`npm run load\`, ${result.date}, Node ${result.node}, ${result.cpus} cores shared with the load generator,
embedded PostgreSQL as store and bus. Each arrival lists tasks and creates one; every tenth also logs in.

| arrivals/s | requests | errors | p50 ms | p95 ms | p99 ms | max ms |
|---|---|---|---|---|---|---|
| ${result.phases} | ${result.requests} | ${result.errors} (${(result.errorRate * 100).toFixed(3)} %) | ${result.p50} | ${result.p95} | ${result.p99} | ${result.max} |

Ledger: ${ledger}
`;
}
