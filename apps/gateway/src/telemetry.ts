import { metrics } from '@opentelemetry/api';
import type { Route } from '@taskwire/contracts';
import { ATTR, METRIC } from '@taskwire/telemetry';
import type { Layer } from './reads/read-cache.js';

const meter = () => metrics.getMeter('@taskwire/gateway');

/** Counts usage events that were dropped because the bus was behind or lost. */
export function droppedUsage(): (count: number) => void {
  const counter = meter().createCounter('taskwire.usage.dropped', {
    description: 'Usage events that were never sent',
  });
  return (count) => counter.add(count);
}

/** Counts reads that may be answered from the cache, by what answered them. */
export function cachedReads(): (route: Route, layer: Layer) => void {
  const counter = meter().createCounter(METRIC.cachedReads, {
    description: 'Reads that may be answered from the cache, by the layer that answered',
  });
  return ({ path }, layer) => counter.add(1, { [ATTR.route]: path, [ATTR.layer]: layer });
}
