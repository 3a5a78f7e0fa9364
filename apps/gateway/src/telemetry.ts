import { metrics } from '@opentelemetry/api';

/** Counts usage events that were dropped because the bus was behind or lost. */
export function droppedUsage(): (count: number) => void {
  const counter = metrics
    .getMeter('@taskwire/gateway')
    .createCounter('taskwire.usage.dropped', { description: 'Usage events that were never sent' });
  return (count) => counter.add(count);
}
