import { type Attributes, metrics } from '@opentelemetry/api';
import { type MetricData, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

/** Reads when it is asked. */
class Reader extends MetricReader {
  protected override onForceFlush = (): Promise<void> => Promise.resolve();
  protected override onShutdown = (): Promise<void> => Promise.resolve();
}

let reader: Reader | undefined;

/** Counts in this process from now on, for buses that are made later. The OpenTelemetry API takes one set-up per process. */
export function recordCounts(): void {
  if (reader) return;
  reader = new Reader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

/** What a counter has counted under attributes that include these. */
export async function countOf(name: string, attributes: Attributes): Promise<number> {
  const collected = await reader?.collect();
  return (collected?.resourceMetrics.scopeMetrics ?? [])
    .flatMap((scope): MetricData[] => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => [...dataPoints])
    .filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
    .reduce((sum, { value }) => sum + Number(value), 0);
}
