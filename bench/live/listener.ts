/** Many live clients in one process: each a user, over server-sent events. */
import { get, type IncomingMessage } from 'node:http';
import { clockMs } from './clock.ts';

export interface ListenerOrder {
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

async function openAll({ url, tokens }: ListenerOrder): Promise<void> {
  const waiting = [...tokens];
  const work = async () => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) await open(url, token);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, work));
}

function open(url: string, token: string): Promise<void> {
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
  let last = 0;
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const now = clockMs();
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, id, data] = /^id: (\d+)\nevent: .*\ndata: (.*)$/.exec(block) ?? [];
      if (data === undefined) continue;
      if (Number(id) !== last + 1) misplaced += 1;
      last = Number(id);
      delays.push(now - Number((JSON.parse(data) as { title: string }).title));
    }
  });
  response.on('error', () => undefined).once('close', () => (ended += 1));
}
