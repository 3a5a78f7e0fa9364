import { Pool } from 'undici';

const PATH = '/v1/tasks/stats';

export interface Pressed {
  /** Seconds in which requests were made. */
  readonly seconds: number;
  /** How long each took, in milliseconds. */
  readonly good: readonly number[];
  readonly refused: readonly number[];
  /** Neither 200 nor 503 with Retry-After. */
  readonly others: number;
}

/** So many requests a second for a while, whatever becomes of those before: as users come. */
export async function press(
  url: string,
  token: string,
  perSecond: number,
  seconds: number,
): Promise<Pressed> {
  const pool = new Pool(url, { connections: 256, pipelining: 1 });
  const good: number[] = [];
  const refused: number[] = [];
  let others = 0;
  const headers = { authorization: `Bearer ${token}` };
  const ask = async () => {
    const started = performance.now();
    const answer = await pool.request({
      method: 'GET',
      path: PATH,
      headers,
      signal: AbortSignal.timeout(10_000),
    });
    await answer.body.dump();
    const ms = performance.now() - started;
    if (answer.statusCode === 200) good.push(ms);
    else if (answer.statusCode === 503 && answer.headers['retry-after'] !== undefined) refused.push(ms);
    else others += 1;
  };
  const started = performance.now();
  await atRate(perSecond, seconds, () => ask().catch(() => void (others += 1)));
  await pool.close();
  return { seconds: (performance.now() - started) / 1_000, good, refused, others };
}

/** Does something so many times a second for a while, and waits for all of it. */
export async function atRate(perSecond: number, seconds: number, work: () => Promise<void>): Promise<void> {
  const working: Promise<void>[] = [];
  const started = performance.now();
  const end = started + seconds * 1_000;
  for (let now = started; now < end; now = performance.now()) {
    const due = Math.floor(((now - started) / 1_000) * perSecond);
    while (working.length < due) working.push(work());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(working);
}
