import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, it } from '@jest/globals';
import { accountRoutes } from '@taskwire/contracts';
import { cachedReads } from './telemetry.js';

afterEach(() => metrics.disable());

it('the hit rate of the cache is a metric', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  metrics.setGlobalMeterProvider(provider);
  const count = cachedReads();
  for (const layer of ['service', 'memory', 'memory', 'redis'] as const) count(accountRoutes.me, layer);
  await provider.forceFlush();
  const [metric] = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((s) => s.metrics));
  await provider.shutdown();

  expect(metric?.descriptor.name).toBe('taskwire.gateway.cached_reads');
  expect(metric?.dataPoints.map(({ attributes, value }) => [attributes, value])).toEqual(
    [
      ['service', 1],
      ['memory', 2],
      ['redis', 1],
    ].map(([layer, value]) => [{ 'http.route': '/v1/auth/me', 'taskwire.cache.layer': layer }, value]),
  );
});
