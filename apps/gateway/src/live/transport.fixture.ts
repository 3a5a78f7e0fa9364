import type { Frame } from './frame.js';
import type { CloseReason, Transport } from './transport.js';

/** Remembers what it was told. */
export class RecordedTransport implements Transport {
  readonly ids: number[] = [];
  /** The resets among them. */
  readonly resets: string[] = [];
  readonly positions: number[] = [];
  readonly closings: CloseReason[] = [];
  buffered = 0;
  position(id: number): void {
    this.positions.push(id);
  }
  send({ id, event, data }: Frame): void {
    this.ids.push(id);
    if (event === 'reset' && 'reason' in data) this.resets.push(`${data.reason} ${id}`);
  }
  beat(): void {}
  drained(): Promise<void> {
    return Promise.resolve();
  }
  close(reason: CloseReason): void {
    this.closings.push(reason);
  }
  onClosed(): void {}
}
