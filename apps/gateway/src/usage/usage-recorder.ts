import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { RequestCompleted } from '@taskwire/contracts';
import type { PayloadOf, Requester } from '@taskwire/messaging';
import { Sampler } from './sampler.js';

type Usage = PayloadOf<typeof RequestCompleted>;

/** More than the sampler lets through in the time between two sends. */
const MAX_QUEUED = 1_000;
const SEND_EVERY_MS = 250;
const CLOSE_WAIT_MS = 1_000;

/** Tells analytics of finished requests, in the background. Lossy by design: a request never waits for it, nor fails by it. */
export class UsageRecorder {
  private readonly sampler = new Sampler();
  private queue: Usage[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;

  constructor(
    private readonly bus: Pick<Requester, 'publish'>,
    private readonly onDropped: (count: number) => void,
  ) {}

  record(usage: Omit<Usage, 'weight'>): void {
    const weight = this.sampler.weigh();
    if (weight === 0) return;
    if (this.queue.length >= MAX_QUEUED) return this.onDropped(1);
    this.queue.push({ ...usage, weight });
    this.timer ??= setTimeout(() => void this.send(), SEND_EVERY_MS);
  }

  /** Sends what is queued, for a second at most. */
  async close(): Promise<void> {
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WAIT_MS).unref());
    await Promise.race([(this.sending ?? Promise.resolve()).then(() => this.send()), timeout]);
    clearTimeout(this.timer);
    if (this.queue.length > 0) this.onDropped(this.queue.length);
    this.queue = [];
  }

  /** All that is queued at once, so that the bus stores it by one statement; the next ones when these are settled. */
  private async send(): Promise<void> {
    const batch = this.queue;
    this.queue = [];
    this.sending = this.publishAll(batch);
    await this.sending;
    this.sending = undefined;
    this.timer = this.queue.length > 0 ? setTimeout(() => void this.send(), SEND_EVERY_MS) : undefined;
  }

  private async publishAll(batch: readonly Usage[]): Promise<void> {
    // Outside of the request's trace: that analytics hears of it is no part of the request.
    const sent = await context.with(suppressTracing(ROOT_CONTEXT), () =>
      Promise.allSettled(batch.map((usage) => this.bus.publish(RequestCompleted, usage))),
    );
    const failed = sent.filter(({ status }) => status === 'rejected').length;
    if (failed > 0) this.onDropped(failed);
  }
}
