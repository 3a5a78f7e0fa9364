import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, type SpanContext, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { z } from 'zod';
import { event } from '../contract/message.js';
import { inSendSpan } from './send.js';

const Added = event('note.added.v1', {
  ...{ topic: 'note.events', key: (p: { owner: string }) => p.owner },
  payload: z.object({ owner: z.string() }),
});
const parent: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider());
});
afterAll(() => {
  trace.disable();
  context.disable();
});

/** The span that a message carries which is sent within `parent`. */
async function sentWithin(active: SpanContext): Promise<SpanContext | undefined> {
  const within = trace.setSpanContext(context.active(), active);
  return context.with(within, () =>
    inSendSpan('memory', Added, {}, async (sending) => trace.getSpanContext(sending)),
  );
}

describe('a message that is sent within a trace', () => {
  it('has a span of its own in it', async () => {
    const sent = await sentWithin(parent);

    expect(sent?.traceId).toBe(parent.traceId);
    expect(sent?.spanId).not.toBe(parent.spanId);
  });

  it('carries the span that it is sent in where the trace is not recorded', async () => {
    const unsampled = { ...parent, traceFlags: TraceFlags.NONE };

    expect(await sentWithin(unsampled)).toEqual(unsampled);
  });

  it('leaves it to the sampler where another process has not recorded the trace', async () => {
    const sent = await sentWithin({ ...parent, traceFlags: TraceFlags.NONE, isRemote: true });

    expect(sent?.traceId).toBe(parent.traceId);
    expect(sent?.spanId).not.toBe(parent.spanId);
  });
});
