/** What the hashing of passwords does to who does something else meanwhile. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SignedIn } from '@taskwire/contracts';
import { freePorts } from '@taskwire/testing';
import { atRate, press } from '../overload/press.ts';
import { type BusRig, withBus } from '../rig/bus-rig.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { answers, startProgram } from '../rig/program.ts';
import { writeReport } from '../rig/report.ts';
import { median, percentile } from '../rig/rounds.ts';

const LOGINS = 20;
const READS = 100;
const ACCOUNTS = 20;
const ROUNDS = 5;
const MOST_SLOWER = 1.1;
const APPS = ['auth', 'task', 'gateway'] as const;
const PASSWORD = 'correct horse battery staple';

const METHOD = `Gateway, auth and task in processes of their own. \`GET /v1/tasks/stats\` comes ${READS} times a second, in turn without and with
${LOGINS} logins a second (argon2id, 19 MiB, two passes); ${ROUNDS} rounds of each, the median of their p99s.`;

interface Round {
  readonly p50: number;
  readonly p99: number;
}

export async function runLogins({ short, node }: BenchOptions): Promise<void> {
  await withBus('postgres', async (rig) => {
    const api = await startPlatform(rig, node);
    const users = await Promise.all(Array.from({ length: ACCOUNTS }, (_, index) => register(api, index)));
    const token = users[0]?.accessToken ?? '';
    const seconds = short ? 2 : 15;
    const without: Round[] = [];
    const during: Round[] = [];
    const loginMs: number[] = [];
    await readsFor(api, token, short ? 1 : 10);
    for (let round = 0; round < (short ? 1 : ROUNDS); round += 1) {
      without.push(await readsFor(api, token, seconds));
      let next = 0;
      const logIn = async () => {
        const started = performance.now();
        await signIn(api, '/v1/auth/login', { email: emailOf((next += 1) % ACCOUNTS), password: PASSWORD });
        loginMs.push(performance.now() - started);
      };
      const [reads] = await Promise.all([readsFor(api, token, seconds), atRate(LOGINS, seconds, logIn)]);
      during.push(reads);
    }
    const rows = [rowOf('no logins', without), rowOf(`${LOGINS} logins/s`, during)] as const;
    const ratio = rows[1].p99 / rows[0].p99;
    await writeReport({
      ...{ name: 'logins', command: 'logins', short, title: 'Logins beside other routes', method: METHOD },
      tables: [
        {
          title: 'Reads while others sign in',
          columns: ['meanwhile', 'reads p50 ms', 'p99 ms', 'login p50 ms', 'p99 ms'],
          rows: rows.map(({ name, p50, p99 }, index) => [
            name,
            ...[p50, p99].map(shortNumber),
            ...(index === 0 ? ['–', '–'] : [0.5, 0.99].map((share) => shortNumber(quantile(loginMs, share)))),
          ]),
          plot: {
            ...{ title: 'Reads while others sign in', unit: 'ms', series: ['p50', 'p99'] },
            groups: rows.map(({ name, p50, p99 }) => ({ label: name, values: [p50, p99] })),
          },
        },
      ],
      goals: [
        {
          text: `p99 of reads at most ${MOST_SLOWER}x by ${LOGINS} logins/s`,
          measured: `${ratio.toFixed(2)}x`,
          met: ratio <= MOST_SLOWER,
        },
      ],
      data: { without, during },
      servers: [...rig.servers],
    });
  });
}

async function startPlatform(rig: BusRig, node: readonly string[]): Promise<string> {
  const ports = await freePorts(APPS.length);
  const urlOf = (app: (typeof APPS)[number]) => `http://127.0.0.1:${ports[APPS.indexOf(app)]}`;
  const secret = () => randomBytes(32).toString('hex');
  const shared = {
    ...rig.env,
    ...{ REGISTRATION: 'open', KEYS_DIR: join(rig.folder, 'keys') },
    ...{ INTERNAL_TOKEN: secret(), OPERATION_SECRET: secret() },
    ...{ RATE_LIMIT_IP: '1000000000', RATE_LIMIT_USER: '1000000000' },
    ...{ RATE_LIMIT_LOGIN_ADDRESS: '1000000000', RATE_LIMIT_LOGIN_ACCOUNT: '1000000000' },
    ...Object.fromEntries(APPS.map((app) => [`${app.toUpperCase()}_URL`, urlOf(app)])),
  };
  for (const [index, app] of APPS.entries()) {
    const env = { ...shared, PORT: String(ports[index]), DATABASE_URL: rig.postgres.url(`bench_${app}`) };
    const file = `apps/${app}/dist/main.js`;
    const program = startProgram(rig.scope, { name: app, file, env, folder: rig.folder, node });
    await answers(program, `${urlOf(app)}/health/ready`);
  }
  return urlOf('gateway');
}

const emailOf = (index: number) => `bench-${index}@example.org`;
const register = (api: string, index: number) =>
  signIn(api, '/v1/auth/register', { email: emailOf(index), password: PASSWORD, name: 'Bench' });

async function signIn(api: string, path: string, body: object): Promise<SignedIn> {
  const answer = await fetch(`${api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as SignedIn;
}

async function readsFor(api: string, token: string, seconds: number): Promise<Round> {
  const { good, refused, others } = await press(api, token, READS, seconds);
  if (refused.length + others > 0) throw new Error(`${refused.length + others} reads failed`);
  return { p50: quantile(good, 0.5), p99: quantile(good, 0.99) };
}

function rowOf(name: string, rounds: readonly Round[]) {
  const of = (figure: keyof Round) => median(rounds.map((round) => round[figure]));
  return { name, p50: of('p50'), p99: of('p99') };
}

function quantile(values: readonly number[], share: number): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    share,
  );
}
