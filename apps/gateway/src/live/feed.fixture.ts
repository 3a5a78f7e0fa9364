import type { Feed, Notification } from '@taskwire/contracts';
import { ProblemError } from '@taskwire/service';
import type { FeedReader } from './feed-reader.js';

export function entry(number: number): Notification {
  const id = `0b4c6f5e-3f0e-7c55-9d0a-${String(number).padStart(12, '0')}`;
  const createdAt = '2026-11-21T10:00:00.000Z';
  return { id, number, kind: 'task_created', taskId: null, title: 'Ä "quoted"', createdAt, readAt: null };
}

/** A feed that can be lost, or keep its readers waiting. */
export class FeedInMemory implements FeedReader {
  readonly entries: Notification[] = [];
  held: Promise<void> = Promise.resolve();
  lost = false;
  read(_userId: string, after: number): Promise<Feed> {
    const entries = this.entries.filter(({ number }) => number > after);
    return Promise.resolve({ entries, more: false, last: this.last });
  }
  async position(): Promise<number> {
    await this.held;
    if (this.lost) throw new ProblemError('service_unavailable');
    return this.last;
  }
  private get last(): number {
    return this.entries.at(-1)?.number ?? 0;
  }
}
