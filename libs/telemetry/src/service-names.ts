import { type Context, trace } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR, CONSUMER_GROUP } from './names.js';

/**
 * Writes the service's name onto each span: the resource can't tell, since one process may run all services. A span
 * belongs to the service that owns its consumer group, else to its parent's in this process.
 */
export const serviceNames: SpanProcessor = {
  onStart(span: Span, parent: Context): void {
    if (span.attributes[ATTR.service] !== undefined) return;
    const name = ownerOfGroup(span) ?? ownerOfParent(parent);
    if (name !== undefined) span.setAttribute(ATTR.service, name);
  },
  onEnd(): void {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

function ownerOfGroup(span: Span): string | undefined {
  const group = span.attributes[CONSUMER_GROUP];
  return typeof group === 'string' ? group.split('.')[0] : undefined;
}

function ownerOfParent(parent: Context): string | undefined {
  const span = trace.getSpan(parent) as Partial<Span> | undefined;
  const name = span?.attributes?.[ATTR.service];
  return typeof name === 'string' ? name : undefined;
}
