import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { RequestCompleted } from '@taskwire/contracts';
import type { PayloadOf, Requester } from '@taskwire/messaging';
import { Sampler } from './sampler.js';

type Usage = PayloadOf<typeof RequestCompleted>;

const MAX_QUEUED = 1_000;
const SENDS_AT_ONCE = 4;
const CLOSE_WAIT_MS = 1_000;

/** Tells analytics of finished requests, in the background. Lossy by design: a request never waits for it, nor fails by it. */
export class UsageRecorder {
  private readonly sampler = new Sampler();
  private readonly queue: Usage[] = [];
  private readonly senders = new Set<Promise<void>>();

  constructor(
    private readonly bus: Pick<Requester, 'publish'>,
    private readonly onDropped: (count: number) => void,
  ) {}

  record(usage: Omit<Usage, 'weight'>): void {
    const weight = this.sampler.weigh();
    if (weight === 0) return;
    if (this.queue.length >= MAX_QUEUED) return this.onDropped(1);
    this.queue.push({ ...usage, weight });
    if (this.senders.size < SENDS_AT_ONCE) this.startSender();
  }

  /** Sends what is queued, for a second at most. */
  async close(): Promise<void> {
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WAIT_MS).unref());
    await Promise.race([Promise.all(this.senders), timeout]);
    if (this.queue.length > 0) this.onDropped(this.queue.length);
    this.queue.length = 0;
  }

  private startSender(): void {
    // Outside of the request's trace: that analytics hears of it is no part of the request.
    const sent = context.with(suppressTracing(ROOT_CONTEXT), () => this.sendQueued());
    const sender = sent.finally(() => this.senders.delete(sender));
    this.senders.add(sender);
  }

  private async sendQueued(): Promise<void> {
    for (let usage = this.queue.shift(); usage !== undefined; usage = this.queue.shift()) {
      try {
        await this.bus.publish(RequestCompleted, usage);
      } catch {
        this.onDropped(1);
      }
    }
  }
}
