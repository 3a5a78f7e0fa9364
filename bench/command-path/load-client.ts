/** Sends creates, `connections` at a time, and measures how long each takes. In its own process, so that it measures itself as little as can be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { percentile } from '../rig/rounds.ts';

export interface LoadOrder {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly connections: number;
  /** At most so many; without it, as many as get through. */
  readonly perSecond?: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadReport {
  readonly perSecond: number;
  readonly created: number;
  /** Created in all, the warm-up's included. */
  readonly createdInAll: number;
  readonly errors: number;
  readonly firstError: string | null;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

process.on('message', (order: LoadOrder) => {
  void load(order).then((report) => process.send?.(report));
});
process.channel?.ref();
process.send?.('ready');

async function load({
  url,
  tokens,
  connections,
  perSecond,
  warmUpMs,
  measureMs,
}: LoadOrder): Promise<LoadReport> {
  const pool = new Pool(new URL(url).origin, { connections, pipelining: 1 });
  const times: number[] = [];
  let createdInAll = 0;
  let errors = 0;
  let firstError: string | null = null;
  let sent = 0;
  const began = performance.now();
  const measureFrom = began + warmUpMs;
  const end = measureFrom + measureMs;

  const lane = async () => {
    for (;;) {
      const number = sent++;
      if (perSecond) await sleep(Math.max(0, began + (number * 1_000) / perSecond - performance.now()));
      const at = performance.now();
      if (at > end) return;
      const token = tokens[number % tokens.length];
      const { status, text } = await post(pool, token ?? '', `bench ${number}`).catch((error: unknown) => ({
        status: 0,
        text: String(error),
      }));
      const done = performance.now();
      if (status === 201) createdInAll += 1;
      if (at < measureFrom || done > end) continue;
      if (status === 201) times.push(done - at);
      else {
        errors += 1;
        firstError ??= `${status}: ${text.slice(0, 300)}`;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  await pool.close();

  const sorted = Float64Array.from(times).sort();
  return {
    perSecond: times.length / (measureMs / 1_000),
    created: times.length,
    createdInAll,
    errors,
    firstError,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
  };
}

async function post(pool: Pool, token: string, title: string): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/v1/tasks',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: `{"title":"${title}","priority":"high","labels":["bench"]}`,
  });
  if (statusCode === 201) {
    await body.dump();
    return { status: 201, text: '' };
  }
  return { status: statusCode, text: await body.text() };
}
