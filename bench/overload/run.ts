/** What the gateway does when more is asked of it than the service behind can do: refuses the rest at once, or not. */
import { randomBytes, randomUUID } from 'node:crypto';
import { freePorts, startStubAuth } from '@taskwire/testing';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { answers, startProgram } from '../rig/program.ts';
import { type Goal, writeReport } from '../rig/report.ts';
import { percentile } from '../rig/rounds.ts';
import { Scope } from '../rig/scope.ts';
import { temporaryFolder } from '../rig/servers.ts';
import { press, type Pressed } from './press.ts';
import { startSlowService } from './slow-service.ts';

const PLACES = 10;
const SERVICE_MS = 100;
/** Of the service behind: so many places, each for so long. */
const CAPACITY = (PLACES * 1_000) / SERVICE_MS;
const LOADS = [0.5, 1, 2, 5] as const;
const MOST_REFUSAL_MS = 100;
const LEAST_GOODPUT = 0.9;

const METHOD = `The gateway in a process of its own (\`MAX_REQUESTS=${PLACES}\`), before a service that answers after ${SERVICE_MS} ms: ${CAPACITY} requests
a second at most. \`GET /v1/tasks/stats\` comes at a fixed rate, whatever becomes of the requests before, at each multiple of that in
turn; after the highest it comes at half again. Goodput: 200s a second. Refused: 503 with Retry-After.`;

interface Row {
  readonly load: string;
  readonly asked: number;
  readonly goodput: number;
  readonly goodP99: number;
  readonly refused: number;
  readonly refusedP50: number;
  readonly refusedP99: number;
  readonly others: number;
}

export async function runOverload({ short, node }: BenchOptions): Promise<void> {
  const scope = new Scope();
  try {
    const gateway = await startGateway(scope, node);
    const seconds = short ? 3 : 20;
    await press(gateway.url, gateway.token, CAPACITY / 2, 2);
    const rows: Row[] = [];
    for (const load of LOADS) {
      rows.push(
        rowOf(
          `${load} x`,
          load * CAPACITY,
          await press(gateway.url, gateway.token, load * CAPACITY, seconds),
        ),
      );
    }
    // At once: no pause between.
    const after = await press(gateway.url, gateway.token, CAPACITY / 2, 2);
    rows.push(rowOf('0.5 x, right after', CAPACITY / 2, after));
    await writeReport({
      ...{ name: 'overload', command: 'overload', short, title: 'Overload', method: METHOD },
      tables: [
        {
          title: 'More than it can do',
          columns: [
            'load',
            'asked/s',
            'goodput/s',
            'p99 ms',
            'refused/s',
            'refusal p50 ms',
            'p99 ms',
            'others',
          ],
          rows: rows.map(({ load, others, ...figures }) => [
            load,
            ...[figures.asked, figures.goodput, figures.goodP99].map(shortNumber),
            ...[figures.refused, figures.refusedP50, figures.refusedP99].map(shortNumber),
            others,
          ]),
          plot: {
            ...{ title: 'Overload', unit: 'requests/s', series: ['goodput', 'refused'] },
            groups: rows.map(({ load, goodput, refused }) => ({ label: load, values: [goodput, refused] })),
          },
        },
      ],
      goals: goalsOf(rows),
      data: rows,
      servers: ['bus in memory'],
    });
  } finally {
    await scope.close();
  }
}

async function startGateway(scope: Scope, node: readonly string[]): Promise<{ url: string; token: string }> {
  const folder = await temporaryFolder(scope);
  const auth = await startStubAuth();
  scope.add(() => auth.close());
  const [port = 0] = await freePorts(1);
  const secret = () => randomBytes(32).toString('hex');
  const env = {
    ...{ NODE_ENV: 'production', LOG_LEVEL: 'warn', BUS: 'memory', PORT: String(port) },
    ...{ INTERNAL_TOKEN: secret(), OPERATION_SECRET: secret(), MAX_REQUESTS: String(PLACES) },
    ...{ RATE_LIMIT_IP: '1000000000', RATE_LIMIT_USER: '1000000000' },
    ...{ AUTH_URL: auth.url, TASK_URL: await startSlowService(scope, SERVICE_MS) },
  };
  const file = 'apps/gateway/dist/main.js';
  const program = startProgram(scope, { name: 'gateway', file, env, folder, node });
  const url = `http://127.0.0.1:${port}`;
  await answers(program, `${url}/health/ready`);
  return { url, token: await auth.tokenFor(randomUUID()) };
}

function rowOf(load: string, asked: number, { seconds, good, refused, others }: Pressed): Row {
  return {
    ...{ load, asked, others },
    goodput: good.length / seconds,
    goodP99: percentile(sorted(good), 0.99),
    refused: refused.length / seconds,
    refusedP50: percentile(sorted(refused), 0.5),
    refusedP99: percentile(sorted(refused), 0.99),
  };
}

function goalsOf(rows: readonly Row[]): Goal[] {
  const best = Math.max(...rows.map(({ goodput }) => goodput));
  const [after, most] = rows.toReversed();
  if (most === undefined || after === undefined) return [];
  const share = most.goodput / best;
  const answered = after.goodput / (after.goodput + after.refused + after.others);
  return [
    {
      text: `at ${most.load} of the capacity, goodput at least ${LEAST_GOODPUT * 100} % of the best`,
      measured: `${(share * 100).toFixed(0)} %`,
      met: share >= LEAST_GOODPUT,
    },
    {
      text: `the rest refused within ${MOST_REFUSAL_MS} ms (p99), nothing else answered`,
      measured: `${shortNumber(most.refusedP99)} ms, ${most.others} others`,
      met: most.refusedP99 <= MOST_REFUSAL_MS && most.others === 0,
    },
    {
      text: 'right after it, at least 99 % of half the capacity answered',
      measured: `${(answered * 100).toFixed(1)} %`,
      met: answered >= 0.99,
    },
  ];
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
