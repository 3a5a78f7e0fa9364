import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { whenOver } from '../http/when-over.js';
import { closedFrame, type Frame } from './frame.js';
import type { CloseReason, Transport } from './transport.js';

const RECONNECT_MS = 2_000;

/** Server-sent events on a response that nothing else writes to. */
export class ServerSentEvents implements Transport {
  constructor(
    private readonly response: ServerResponse,
    headers: OutgoingHttpHeaders,
  ) {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Kept alive after its end, it would hold up a shutdown. HTTP/2 has no such header.
      ...(response.req.httpVersionMajor < 2 && { connection: 'close' }),
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RECONNECT_MS}\n\n`);
  }

  position(id: number): void {
    // Without data nothing is dispatched to the page, but the browser resumes from this id.
    this.response.write(`id: ${id}\n\n`);
  }

  send({ id, event, data }: Frame): void {
    this.response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  beat(): void {
    this.response.write(': beat\n\n');
  }

  get buffered(): number {
    return this.response.writableLength;
  }

  async drained(): Promise<void> {
    if (!this.response.writableNeedDrain || this.response.destroyed) return;
    const done = new AbortController();
    const { signal } = done;
    try {
      await Promise.race([
        once(this.response, 'drain', { signal }),
        once(this.response, 'close', { signal }),
      ]);
    } finally {
      done.abort();
    }
  }

  close(reason: CloseReason): void {
    if (reason === 'slow') return void this.response.destroy();
    const { event, data } = closedFrame(reason);
    const retry = data.reconnectMs === undefined ? '' : `retry: ${data.reconnectMs}\n`;
    this.response.end(`${retry}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  onClosed(listener: () => void): void {
    whenOver(this.response, listener);
  }
}
