import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { WebhookSending } from './deliver-webhook.js';
import type { DeliveryStore } from './delivery-store.js';
import type { Turn, TurnStore } from './turn-store.js';

export interface WebhookWorkerSettings {
  /** Endpoints that are delivered to at once. */
  readonly concurrency: number;
  /** How often due deliveries are looked for. */
  readonly pollMs: number;
  /** When another worker may take over what a dead one held; longer than an attempt. */
  readonly leaseMs: number;
  /** How long a stop waits for attempts that run. */
  readonly stopMs: number;
}

const DEFAULTS: WebhookWorkerSettings = {
  concurrency: 16,
  pollMs: 1_000,
  leaseMs: 60_000,
  stopMs: 5_000,
};

const KEPT_DAYS = 14;
const FORGET_EVERY_MS = 60 * 60 * 1000;

/** Fields name ids, attempts and reasons; never a URL, a secret or a body. */
export type WebhookLog = (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;

/** Delivers to endpoints, one attempt each at a time, until it is stopped. Several instances share the work. */
export class WebhookWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly settings: WebhookWorkerSettings;
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private forgotAt = -Infinity;

  constructor(
    private readonly turns: TurnStore,
    private readonly deliveries: DeliveryStore,
    private readonly sending: WebhookSending,
    private readonly log: WebhookLog,
    settings: Partial<WebhookWorkerSettings> = {},
  ) {
    this.settings = { ...DEFAULTS, ...settings };
  }

  onApplicationBootstrap(): void {
    this.loop ??= this.run();
  }

  /** Starts nothing new, and waits for what runs; what is not done by then is due again when its lease ends. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const idle = Promise.all([this.loop, ...this.running]);
    await Promise.race([idle, delay(this.settings.stopMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const claimed = await this.claim();
      for (const turn of claimed) this.begin(turn);
      const full = this.running.size >= this.settings.concurrency;
      if (full) await Promise.race(this.running);
      else if (claimed.length === 0) await this.pause();
    }
  }

  private async claim(): Promise<Turn[]> {
    try {
      const free = this.settings.concurrency - this.running.size;
      return await this.turns.claim(free, this.settings.leaseMs);
    } catch (error) {
      this.log('warn', 'webhooks cannot be read; trying again', { error: reasonOf(error) });
      return [];
    }
  }

  private begin(turn: Turn): void {
    const attempt = this.take(turn).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }

  private async take(turn: Turn): Promise<void> {
    const { webhookId } = turn;
    try {
      const delivery = await this.turns.begin(turn);
      if (delivery === null) {
        await this.turns.release(turn);
        return;
      }
      const { outcome, fault } = await this.sending.attempt(turn, delivery);
      const { id, type, attempts, traceparent } = delivery;
      const fields = {
        webhookId,
        deliveryId: id,
        type,
        attempts,
        traceId: traceparent?.split('-')[1],
        fault,
      };
      this.log(fault === undefined ? 'info' : 'warn', `webhook: ${outcome}`, fields);
    } catch (error) {
      this.log('warn', 'an attempt to deliver to a webhook could not be settled', {
        webhookId,
        error: reasonOf(error),
      });
    }
  }

  /** Until the next look, or until an attempt ends: its endpoint may have more that is due. */
  private async pause(): Promise<void> {
    await this.forget();
    const looked = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, looked.signal]);
    const next = delay(this.settings.pollMs, undefined, { signal }).catch(() => undefined);
    await Promise.race([next, ...this.running]);
    looked.abort();
  }

  private async forget(): Promise<void> {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    try {
      while (!this.stopping.signal.aborted && (await this.deliveries.forget(KEPT_DAYS)) > 0);
    } catch (error) {
      this.log('warn', 'old deliveries could not be deleted', { error: reasonOf(error) });
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
