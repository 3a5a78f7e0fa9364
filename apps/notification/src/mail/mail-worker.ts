import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EmailDelivery } from './deliver-email.js';
import type { ClaimedEmail, EmailStore } from './email-store.js';
import { traceIdOf } from './email.js';

export interface MailWorkerSettings {
  /** Emails that are delivered at once. */
  readonly concurrency: number;
  /** How often due emails are looked for. */
  readonly pollMs: number;
  /** Longest attempt. */
  readonly attemptMs: number;
  /** When another worker may take over what a dead one held; longer than an attempt. */
  readonly leaseMs: number;
  /** How long a stop waits for attempts that run. */
  readonly stopMs: number;
}

const DEFAULTS: MailWorkerSettings = {
  concurrency: 4,
  pollMs: 1_000,
  attemptMs: 30_000,
  leaseMs: 60_000,
  stopMs: 5_000,
};

const KEPT_DAYS = 30;
const FORGET_EVERY_MS = 60 * 60 * 1000;

/** Fields name ids, attempts and reasons; never an address or a text. */
export type MailLog = (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;

/** Delivers due emails until it is stopped. Several instances share the work. */
export class MailWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly settings: MailWorkerSettings;
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private forgotAt = -Infinity;

  constructor(
    private readonly emails: EmailStore,
    private readonly delivery: EmailDelivery,
    private readonly log: MailLog,
    settings: Partial<MailWorkerSettings> = {},
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
      for (const email of claimed) this.begin(email);
      const full = this.running.size >= this.settings.concurrency;
      if (full) await Promise.race(this.running);
      else if (claimed.length === 0) await this.pause();
    }
  }

  private async claim(): Promise<ClaimedEmail[]> {
    try {
      const free = this.settings.concurrency - this.running.size;
      return await this.emails.claim(free, this.settings.leaseMs);
    } catch (error) {
      this.log('warn', 'emails cannot be read; trying again', { error: reasonOf(error) });
      return [];
    }
  }

  private async forget(): Promise<void> {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    try {
      while (!this.stopping.signal.aborted && (await this.emails.forget(KEPT_DAYS)) > 0);
    } catch (error) {
      this.log('warn', 'old emails could not be deleted', { error: reasonOf(error) });
    }
  }

  private begin(email: ClaimedEmail): void {
    const attempt = this.attempt(email).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }

  private async attempt(email: ClaimedEmail): Promise<void> {
    const { id, attempts, content } = email;
    const fields = { emailId: id, template: content.template, attempts, traceId: traceIdOf(email) };
    try {
      const { outcome, fault } = await this.delivery.attempt(email, this.settings.attemptMs);
      this.log(fault === undefined ? 'info' : 'warn', `email: ${outcome}`, { ...fields, fault });
    } catch (error) {
      this.log('warn', 'an attempt to send an email could not be settled', {
        ...fields,
        error: reasonOf(error),
      });
    }
  }

  private async pause(): Promise<void> {
    await this.forget();
    await delay(this.settings.pollMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
