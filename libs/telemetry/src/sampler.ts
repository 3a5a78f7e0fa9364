import { SpanKind } from '@opentelemetry/api';
import { ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';

/** What somebody or something asked for: a request, a message. */
const CAUSES = new Set([SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER]);

const withCause: Sampler = {
  shouldSample: (_context, _traceId, _name, kind) => ({
    decision: CAUSES.has(kind) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
  }),
  toString: () => 'WithCause',
};

/**
 * Records every trace that has a cause. Services look for work many times a second (relay, schedule, revocations): those
 * queries and calls would bury everything else, also in the service that is called.
 */
export const sampler = new ParentBasedSampler({ root: withCause });
