import { once } from 'node:events';
import type { Notification } from '@taskwire/contracts';

const TIMEOUT_MS = 15_000;

export interface LiveFrame {
  readonly id: number;
  readonly event: string;
  readonly data: Notification;
}

export interface LiveClient {
  /** The frames so far, once there are as many; rejects when they don't come in time. */
  frames(count: number): Promise<readonly LiveFrame[]>;
  close(): void;
  /** Resolves when the gateway ends the connection. */
  readonly ended: Promise<void>;
}

/** Reads `GET /v1/live` as EventSource does. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<LiveClient> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  if (!response.ok || response.body === null) {
    throw new Error(`live events answered ${response.status}: ${await response.text()}`);
  }
  const inbox = new Inbox();
  const ended = readBlocks(response.body, (block) => {
    const fields = new Map(block.split('\n').map((line) => split(line)));
    const data = fields.get('data');
    // What says why the connection ends has no id.
    if (data === undefined || !fields.has('id')) return;
    inbox.add({
      id: Number(fields.get('id')),
      event: fields.get('event') ?? '',
      data: JSON.parse(data) as Notification,
    });
  }).catch(() => undefined);
  return { frames: (count) => inbox.take(count), close: () => abort.abort(), ended };
}

export async function openSocket(url: string): Promise<LiveClient> {
  const socket = new WebSocket(url);
  const inbox = new Inbox();
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as LiveFrame | { id: number } | { event: string };
    if ('event' in frame && 'id' in frame) inbox.add(frame);
  });
  const ended = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`the WebSocket was refused: ${url}`)));
  });
  return { frames: (count) => inbox.take(count), close: () => socket.close(), ended };
}

async function readBlocks(body: ReadableStream<Uint8Array>, take: (block: string) => void): Promise<void> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) take(block);
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(': ');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)];
}

class Inbox extends EventTarget {
  private readonly all: LiveFrame[] = [];

  add(frame: LiveFrame): void {
    this.all.push(frame);
    this.dispatchEvent(new Event('frame'));
  }

  async take(count: number): Promise<readonly LiveFrame[]> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    while (this.all.length < count) await once(this, 'frame', { signal });
    return this.all;
  }
}
