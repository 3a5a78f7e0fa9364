import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Answer, PostError } from './post.js';
import type { SecretSeal } from './seal.js';
import { signedHeaders } from './signature.js';
import type { DueDelivery, Ending, Failure, Turn, TurnStore } from './turn-store.js';
import { delayAfter, type DeliveryError, MOST_TRIES } from './webhook.js';

const tracer = trace.getTracer('@taskwire/notification');
const GONE = 410;

/** Posts a body to a URL; rejects with a PostError. */
export type Post = (url: URL, headers: Readonly<Record<string, string>>, body: string) => Promise<Answer>;

export interface Attempt {
  readonly outcome: 'delivered' | 'failed' | 'gone' | 'retry';
  /** Why it failed, as a code or a status. */
  readonly fault?: string;
}

/** One attempt to deliver to an endpoint, and the settling of it. The secret is clear in memory only, and here only. */
export class WebhookSending {
  constructor(
    private readonly turns: TurnStore,
    private readonly seal: SecretSeal,
    private readonly post: Post,
  ) {}

  /** In the trace of what caused the delivery. Rejects only when the attempt could not be settled. */
  attempt(turn: Turn, delivery: DueDelivery): Promise<Attempt> {
    const cause = propagation.extract(ROOT_CONTEXT, { traceparent: delivery.traceparent ?? undefined });
    return context.with(cause, () =>
      tracer.startActiveSpan('deliver webhook', { kind: SpanKind.CLIENT }, async (span) => {
        try {
          const ending = await this.tryOnce(turn, delivery);
          const settled = await this.turns.settle(turn, delivery, ending);
          const attempt = attemptOf(ending);
          span.setAttributes({
            'taskwire.webhook.id': turn.webhookId,
            'taskwire.webhook.delivery.id': delivery.id,
            'taskwire.webhook.outcome': settled ? attempt.outcome : 'overtaken',
          });
          if (attempt.fault !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR, message: attempt.fault });
          }
          return attempt;
        } finally {
          span.end();
        }
      }),
    );
  }

  private async tryOnce(turn: Turn, { id, body, tries }: DueDelivery): Promise<Ending> {
    // Only a process that dies in the middle of every attempt gets here.
    if (tries > MOST_TRIES) return failed(null, 'not_sent', tries);
    try {
      const secret = this.seal.unseal(turn.webhookId, turn.sealedSecret);
      const headers = signedHeaders(secret, id, body, new Date());
      const { status, retryAfterMs } = await this.post(new URL(turn.url), headers, body);
      if (status === GONE) return { outcome: 'gone', status };
      if (status >= 200 && status < 300) return { outcome: 'delivered', status };
      return { ...failed(status, null, tries), leaveMs: retryAfterMs };
    } catch (error) {
      return failed(null, error instanceof PostError ? error.code : 'not_sent', tries);
    }
  }
}

function failed(status: number | null, error: DeliveryError | null, tries: number): Failure {
  return { outcome: 'failed', status, error, retryInMs: delayAfter(tries), leaveMs: 0 };
}

function attemptOf(ending: Ending): Attempt {
  switch (ending.outcome) {
    case 'delivered':
      return { outcome: 'delivered' };
    case 'gone':
      return { outcome: 'gone', fault: String(ending.status) };
    case 'failed':
      return {
        outcome: ending.retryInMs === null ? 'failed' : 'retry',
        fault: ending.error ?? String(ending.status),
      };
  }
}
