/** What of Artillery's JSON report is used here. */
export interface ArtilleryReport {
  readonly aggregate: {
    readonly counters: Readonly<Record<string, number>>;
    readonly summaries: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

/** What one arrival rate measured. Times in ms. */
export interface RateResult {
  readonly arrivalsPerSecond: number;
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadResult {
  readonly date: string;
  readonly node: string;
  readonly cpus: number;
  /** What BUS named. */
  readonly bus: string;
  readonly secondsPerRate: number;
  readonly rates: readonly RateResult[];
  readonly ledger: string;
}

const LIMITS = { p95: 200, errorRate: 0.001 };

/** An error is a connection error, or any status but the documented one; 429 included. */
export function summarise(report: ArtilleryReport, arrivalsPerSecond: number): RateResult {
  const { counters, summaries } = report.aggregate;
  const requests = counters['http.requests'] ?? 0;
  if (requests === 0) throw new Error('the report holds no request');
  const failed = Object.entries(counters).filter(([name]) => name.startsWith('errors.'));
  const errors = (counters['load.unexpected'] ?? 0) + failed.reduce((sum, [, count]) => sum + count, 0);
  const times = summaries['http.response_time'] ?? {};
  const time = (name: string) => times[name] ?? Number.NaN;
  return {
    arrivalsPerSecond,
    requests,
    errors,
    p50: time('p50'),
    p95: time('p95'),
    p99: time('p99'),
    max: time('max'),
  };
}

/** The limits that a rate did not keep, each as a sentence. Every rate has to keep them by itself. */
export function missed({ arrivalsPerSecond, requests, errors, p95 }: RateResult): string[] {
  const at = `at ${arrivalsPerSecond} arrivals/s`;
  return [
    ...(p95 < LIMITS.p95 ? [] : [`${at} p95 is ${p95} ms, the limit is ${LIMITS.p95} ms`]),
    ...(errors / requests < LIMITS.errorRate
      ? []
      : [`${at} ${percent(errors / requests)} errors, the limit is ${percent(LIMITS.errorRate)}`]),
  ];
}

export function markdown(result: LoadResult, command: string): string {
  const bus = result.bus === 'postgres' ? ' and bus' : `, ${result.bus} as bus`;
  const rows = result.rates.map(
    ({ arrivalsPerSecond, requests, errors, p50, p95, p99, max }) =>
      `| ${arrivalsPerSecond} | ${requests} | ${errors} | ${p50} | ${p95} | ${p99} | ${max} |`,
  );
  return `# Load test

\`${command}\`, ${result.date}, Node ${result.node}, ${result.cpus} cores shared with the load generator,
embedded PostgreSQL as store${bus}, ${result.secondsPerRate} s per rate. Each arrival lists tasks and creates one;
every tenth also logs in.

| arrivals/s | requests | errors | p50 ms | p95 ms | p99 ms | max ms |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Ledger: ${result.ledger}
`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
