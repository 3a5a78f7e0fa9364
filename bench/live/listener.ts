/** Many live clients in one process, each another user. */
import { get, type IncomingMessage } from 'node:http';
import { clockMs } from './clock.ts';

export type Protocol = 'server-sent events' | 'WebSocket';

export interface ListenerOrder {
  readonly protocol: Protocol;
  readonly url: string;
  readonly tokens: readonly string[];
}

export interface ListenerReport {
  /** From the append to the arrival here, in ms. */
  readonly delays: Float64Array;
  /** Frames that were not the next of their user. */
  readonly misplaced: number;
  /** Connections that have ended. */
  readonly ended: number;
}

/** Its title is the time at which it was appended. */
interface Entry {
  readonly title: string;
}

const OPENING_AT_ONCE = 25;
const OPEN_LIMIT_MS = 30_000;

const delays: number[] = [];
let misplaced = 0;
let ended = 0;

process.on('message', (order: ListenerOrder | 'report') => {
  if (order !== 'report') return void openAll(order).then(() => process.send?.('open'));
  const report: ListenerReport = { delays: Float64Array.from(delays), misplaced, ended };
  process.send?.(report);
});
// Before it has connections only this keeps it alive.
process.channel?.ref();
process.send?.('ready');

async function openAll({ protocol, url, tokens }: ListenerOrder): Promise<void> {
  const open = protocol === 'WebSocket' ? openSocket : openEvents;
  const waiting = [...tokens];
  const work = async () => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) await open(url, token);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, work));
}

function openEvents(url: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': '0' };
    const request = get(`${url}/v1/live`, { agent: false, headers }, (response) => {
      request.setTimeout(0);
      if (response.statusCode !== 200) return reject(new Error(`live answered ${response.statusCode}`));
      listen(response);
      resolve();
    });
    request.setTimeout(OPEN_LIMIT_MS, () => request.destroy(new Error('live did not answer')));
    request.once('error', reject);
  });
}

function listen(response: IncomingMessage): void {
  const take = takerOfOne();
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, id, data] = /^id: (\d+)\nevent: .*\ndata: (.*)$/.exec(block) ?? [];
      if (data !== undefined) take(Number(id), JSON.parse(data) as Entry);
    }
  });
  response.on('error', () => undefined).once('close', () => (ended += 1));
}

async function openSocket(url: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(OPEN_LIMIT_MS);
  const answer = await fetch(`${url}/v1/live/tickets`, { method: 'POST', headers, signal });
  const { ticket } = (await answer.json()) as { ticket: string };
  const query = `ticket=${ticket}&lastEventId=0`;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live/ws?${query}`);
  const take = takerOfOne();
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('the WebSocket was refused')));
    socket.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(String(data)) as { id: number; data?: Entry };
      if (frame.data === undefined) resolve();
      else take(frame.id, frame.data);
    });
  });
  socket.addEventListener('close', () => (ended += 1));
}

function takerOfOne(): (id: number, entry: Entry) => void {
  let last = 0;
  return (id, { title }) => {
    if (id !== last + 1) misplaced += 1;
    last = id;
    delays.push(clockMs() - Number(title));
  };
}
