import type { WebSocket } from 'ws';
import { closedFrame, type Frame } from './frame.js';
import type { CloseReason, Transport } from './transport.js';

// RFC 6455: 1001 going away, 1008 policy, 1013 try again later; 4401 is ours: connect again with a new ticket.
const CLOSE_CODES: Record<CloseReason, number> = {
  expired: 4401,
  revoked: 4401,
  slow: 1008,
  unavailable: 1013,
  shutdown: 1001,
};
const CLOSE_WAIT_MS = 2_000;

export class WebSocketTransport implements Transport {
  private answered = true;
  private flushed: Promise<void> = Promise.resolve();

  constructor(private readonly socket: WebSocket) {
    socket.on('pong', () => (this.answered = true));
    socket.on('error', () => socket.terminate());
  }

  position(id: number): void {
    this.write({ id });
  }

  send(frame: Frame): void {
    this.write(frame);
  }

  beat(): void {
    if (!this.answered) return this.socket.terminate();
    this.answered = false;
    this.socket.ping();
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  drained(): Promise<void> {
    return this.flushed;
  }

  close(reason: CloseReason): void {
    if (reason === 'slow') return this.socket.terminate();
    this.write(closedFrame(reason));
    this.socket.close(CLOSE_CODES[reason], reason);
    setTimeout(() => this.socket.terminate(), CLOSE_WAIT_MS).unref();
  }

  onClosed(listener: () => void): void {
    this.socket.once('close', listener);
  }

  private write(frame: object): void {
    this.flushed = new Promise((resolve) => this.socket.send(JSON.stringify(frame), () => resolve()));
  }
}
