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
  /** Resolves when the gateway ends the connection, to the reason that it gave. */
  readonly ended: Promise<string | undefined>;
}

interface Closed {
  readonly reason: string;
}

/** Reads `GET /v1/live` as EventSource does. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<LiveClient> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  if (!response.ok || response.body === null) {
    throw new Error(`live events answered ${response.status}: ${await response.text()}`);
  }
  const inbox = new Inbox();
  let reason: string | undefined;
  const ended = readBlocks(response.body, (block) => {
    const fields = new Map(block.split('\n').map((line) => split(line)));
    const data = fields.get('data');
    if (data === undefined) return;
    const event = fields.get('event') ?? '';
    if (event === 'closed') reason = (JSON.parse(data) as Closed).reason;
    else inbox.add({ id: Number(fields.get('id')), event, data: JSON.parse(data) as Notification });
  })
    .catch(() => undefined)
    .then(() => reason);
  return { frames: (count) => inbox.take(count), close: () => abort.abort(), ended };
}

export async function openSocket(url: string): Promise<LiveClient> {
  const socket = new WebSocket(url);
  const inbox = new Inbox();
  let reason: string | undefined;
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as LiveFrame | { id: number } | { event: 'closed'; data: Closed };
    if (!('event' in frame)) return;
    if ('id' in frame) inbox.add(frame);
    else reason = frame.data.reason;
  });
  const ended = new Promise<string | undefined>((resolve) =>
    socket.addEventListener('close', () => resolve(reason)),
  );
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
