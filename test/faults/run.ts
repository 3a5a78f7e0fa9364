/**
 * `npm run faults -- --driver postgres|rabbitmq|kafka[:kafkajs|:platformatic] [--brokers 3] [--kills N] [--seed S]
 * [--resume]`: an application-level checker in the manner of Jepsen. Clients work while processes are killed at named points, servers
 * restarted, links made bad, instances added and removed; then what they were told is compared with what is stored.
 * Results are in bench/results; with `--resume` a run goes on where its file says that it ended, after it has run again what came
 * to no end.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BusName } from '../buses.ts';
import { beginOrResume, killsIn, type Round, seedOf, writeProgress } from './progress.ts';
import { seeded } from './random.ts';
import { isClean, report } from './report.ts';
import { type Servers, startServers } from './servers.ts';
import { openSession } from './session.ts';
import { POINTS, victimsAt } from './victims.ts';

const USAGE =
  'npm run faults -- --driver postgres|rabbitmq|kafka|kafka:kafkajs|kafka:platformatic [--brokers N] [--kills N] [--seed S] [--resume] [--round N]';
const DRIVERS = ['postgres', 'rabbitmq', 'kafka', 'kafka:kafkajs', 'kafka:platformatic'];
const KILLS_PER_ROUND = 20;
/** Rounds that come to no end, one after the other, after which nothing better is to be expected. */
const MOST_FAILURES = 3;
const RESULTS = join(import.meta.dirname, '..', '..', 'bench', 'results');

const options = readOptions();
const [bus, client] = options.driver.split(':') as [BusName, string | undefined];
const several = options.brokers > 1 ? `-${options.brokers}-brokers` : '';
const path = join(RESULTS, `faults-${options.driver.replace(':', '-')}${several}`);
const progress = await beginOrResume(`${path}.json`, options).catch((error: Error) => fail(error.message));
let isEnding = false;
process.once('SIGINT', () => {
  isEnding = true;
  console.log('\nEnding after this round; --resume goes on. Again to end at once.');
});

console.log(`driver ${progress.driver}, ${progress.kills} kills, seed ${progress.seed}`);
const servers = await startServers(bus, options.brokers);
try {
  process.exitCode = await main(servers);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await Promise.all([servers.postgres.remove(), servers.broker?.remove()]);
}
// What waits for a server that is gone must not keep the process.
process.exit();

async function main(servers: Servers): Promise<number> {
  // Where test databases are made.
  process.env.TEST_POSTGRES_URL = servers.postgres.address;
  const settings = {
    ...(client !== undefined && { KAFKA_CLIENT: client }),
    // As in production.
    ...(options.brokers > 1 && { KAFKA_MIN_INSYNC_REPLICAS: '2' }),
  };
  const session = openSession(bus, settings, servers);
  try {
    if (options.round !== undefined) return await only(options.round);
    for (const [index, { number, error }] of progress.rounds.entries()) {
      if (error === null || isEnding) continue;
      progress.unfinished.push(`round ${number}: ${error}`);
      progress.rounds[index] = await doRound(number);
      await write();
    }
    while (!isEnding && killsIn(progress) < progress.kills) {
      const last = progress.rounds.slice(-MOST_FAILURES);
      if (last.length === MOST_FAILURES && last.every(({ error }) => error !== null)) {
        console.error(`${MOST_FAILURES} rounds in a row came to no end`);
        return 1;
      }
      const number = progress.rounds.length + 1;
      const round = await doRound(number);
      progress.rounds.push(round);
      await write();
    }
  } finally {
    await session.close();
  }
  console.log(report(progress));
  return progress.rounds.every(isClean) ? 0 : 1;

  async function write(): Promise<void> {
    Object.assign(progress.settings, session.settings());
    await writeProgress(`${path}.json`, progress);
    await writeFile(`${path}.md`, report(progress));
  }

  async function doRound(number: number): Promise<Round> {
    const seed = seedOf(progress, number);
    const point = POINTS[(number - 1) % POINTS.length] as string;
    const victims = victimsAt(point, KILLS_PER_ROUND, seeded(`${seed}/victims`));
    const round = await session.round(number, point, { seed, victims });
    console.log(
      `round ${number} at ${point}: ${round.kills.length} kills, ${round.acknowledged} of ${round.attempted} acknowledged, ` +
        `${round.findings.length} findings, ${round.refused} refused, ${JSON.stringify(round.faults)}, ${round.seconds} s`,
    );
    if (!isClean(round))
      console.log(JSON.stringify({ ...round, kills: undefined }, null, 2), `outputs: ${session.folder()}`);
    return round;
  }

  /** For looking at one round again: nothing is written. */
  async function only(number: number): Promise<number> {
    return isClean(await doRound(number)) ? 0 : 1;
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        driver: { type: 'string', default: 'postgres' },
        brokers: { type: 'string', default: '1' },
        kills: { type: 'string' },
        seed: { type: 'string' },
        resume: { type: 'boolean', default: false },
        round: { type: 'string' },
      },
    });
    const { driver, seed, resume } = values;
    if (!DRIVERS.includes(driver)) throw new Error(`--driver ${driver}: there is none such`);
    if (resume && seed !== undefined)
      throw new Error('--resume goes on with the seed of its file: leave --seed out');
    const brokers = count('brokers', values.brokers) ?? 1;
    if (brokers !== 1 && (brokers < 3 || brokers > 9 || !driver.startsWith('kafka')))
      throw new Error(`--brokers ${brokers}: of Kafka alone there may be several, 3 to 9`);
    const [kills, round] = [count('kills', values.kills), count('round', values.round)];
    return { driver, brokers, seed, resume, kills, round };
  } catch (error) {
    return fail((error as Error).message);
  }
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} ${text}: must be a whole number from 1`);
  return Number(text);
}

function fail(why: string): never {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}
